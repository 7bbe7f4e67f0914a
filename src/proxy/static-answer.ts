import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type ErrorCode, errorTable } from '../errors.ts'
import { type CounterBlock, count } from '../telemetry/counters.ts'
import { finished, sendSpan } from './static-body.ts'
import { evaluateConditions, isRangeCurrent, validatorsOf } from './static-condition.ts'
import type { Disk, OpenFile } from './static-disk.ts'
import { selectRange } from './static-range.ts'
import { cacheControlOf, contentTypeOf } from './static-type.ts'

interface Servable {
  readonly file: OpenFile
  /** The name that decides the type. */
  readonly name: string
  /** A page of an application: always revalidated. */
  readonly isPage: boolean
}

/** The responses that static files can give. Each resolves when it was handed to the socket or the client went away. */
export interface Answers {
  /** 200, 206, 304, 412 or 416. The file stays open: its owner closes it. */
  send(req: IncomingMessage, res: ServerResponse, servable: Servable): Promise<void>
  redirect(res: ServerResponse, location: string): Promise<void>
  /** The status and public text of a code; nothing about the file system. */
  refuse(res: ServerResponse, code: ErrorCode, headers?: OutgoingHttpHeaders): Promise<void>
}

const nosniff = { 'X-Content-Type-Options': 'nosniff' }

export function createAnswers(disk: Disk, counters: CounterBlock): Answers {
  return {
    refuse,
    redirect: (res, location) =>
      short(res, 301, 'The directory is at its path with a slash.', { Location: location }),
    async send(req, res, { file, name, isPage }) {
      if (res.destroyed) return
      const nowMs = Date.now()
      const entity = validatorsOf(file, nowMs)
      const type = contentTypeOf(name)
      const kept = {
        ETag: entity.etag,
        'Last-Modified': entity.lastModified,
        'Cache-Control': cacheControlOf(type, isPage),
        ...nosniff,
      }
      const verdict = evaluateConditions(req.headers, entity)
      if (verdict === 'PRECONDITION_FAILED') return refuse(res, verdict)
      if (verdict === 'NOT_MODIFIED') {
        count(counters, 'cacheHits')
        res.writeHead(304, kept)
        return finished(res)
      }
      // RFC 9110 section 14.2: a range means something for GET only.
      const isRangeAsked =
        req.method === 'GET' && isRangeCurrent(req.headers['if-range']?.toString(), entity, nowMs)
      const range = selectRange(isRangeAsked ? req.headers.range : undefined, file.size)
      if (range === 'UNSATISFIABLE') {
        return refuse(res, 'RANGE_NOT_SATISFIABLE', { 'Content-Range': `bytes */${file.size}` })
      }
      const head = { 'Content-Type': type, 'Accept-Ranges': 'bytes', ...kept }
      const span = range === 'WHOLE' ? { start: 0, length: file.size } : range
      if (range === 'WHOLE') res.writeHead(200, { ...head, 'Content-Length': span.length })
      else {
        const last = span.start + span.length - 1
        const contentRange = `bytes ${span.start}-${last}/${file.size}`
        res.writeHead(206, { ...head, 'Content-Length': span.length, 'Content-Range': contentRange })
      }
      if (req.method === 'HEAD') return finished(res)
      count(counters, 'filesServed')
      await sendSpan(res, span, (into, position) => disk.read(file.fd, into, position))
    },
  }
}

function refuse(res: ServerResponse, code: ErrorCode, headers: OutgoingHttpHeaders = {}): Promise<void> {
  const { status, message } = errorTable[code]
  return short(res, status, message, status === 503 ? { 'Retry-After': 1, ...headers } : headers)
}

/** A missing file may be there in a moment, so nothing short is kept (a 404 and a 301 would be, RFC 9111 4.2.2). */
function short(
  res: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const body = `${text}\n`
  res.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...nosniff,
    ...headers,
  })
  return finished(res, body)
}
