/** The responses that static files can give. */
import { type ErrorCode, errorTable } from '../../errors.ts'
import { fieldOf } from '../../http/fields/lookup.ts'
import type { HttpRequest, HttpResponse } from '../../http/message/message.ts'
import { type ErrorBody, errorBody } from '../../http/reply/error-body.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import { requestField } from '../../telemetry/request-field.ts'
import { finished, sendSpan } from './body.ts'
import type { HotFile } from './cache.ts'
import { evaluateConditions, isRangeCurrent, validatorsOf } from './condition.ts'
import type { Disk, OpenFile } from './disk.ts'
import { cacheControlOf, contentTypeOf } from './media-type.ts'
import { selectRange } from './range.ts'

export interface Servable {
  readonly file: OpenFile
  /** The name that decides the type. */
  readonly name: string
  /** A page of an application: always revalidated. */
  readonly isPage: boolean
  /** Only some may have it: no shared cache keeps it. */
  readonly isPrivate: boolean
}

/** The responses that static files can give. Each resolves when it was handed to the kernel or the client left. */
export interface Answers {
  /** 200, 206, 304, 412 or 416. The file stays open: its owner closes it. */
  send(req: HttpRequest, res: HttpResponse, servable: Servable): Promise<void>
  /**
   * 200 or 304 from memory, at once. For requests with no other condition than the two that lead to 304, and no range.
   * `isHit`: nothing was read for this request.
   */
  sendHot(req: HttpRequest, res: HttpResponse, hot: HotFile, isHit: boolean): void
  redirect(res: HttpResponse, location: string): Promise<void>
  /** The status and public text of a code; nothing about the file system. */
  refuse(res: HttpResponse, code: ErrorCode, fields?: readonly string[]): Promise<void>
}

const directoryMoved: ErrorBody = {
  type: 'text/plain; charset=utf-8',
  text: 'The directory is at its path with a slash.\n',
}
const nosniff = ['X-Content-Type-Options', 'nosniff']

/** Header fields of every answer about a file: flat names and values, the fastest form for `writeHead`. */
export function headsOf({ file, name, isPage, isPrivate }: Servable, nowMs: number) {
  const entity = validatorsOf(file, nowMs)
  const type = contentTypeOf(name)
  const kept = ['ETag', entity.etag, 'Last-Modified', entity.lastModified]
  kept.push('Cache-Control', cacheControlOf(type, isPage, isPrivate), ...nosniff)
  return { entity, kept, head: ['Content-Type', type, 'Accept-Ranges', 'bytes', ...kept] }
}

export function createAnswers(disk: Disk, counters: CounterBlock): Answers {
  return {
    refuse,
    redirect: (res, location) => short(res, 301, directoryMoved, ['Location', location]),
    sendHot(req, res, { entity, response, headOf304 }, isHit) {
      if (res.isClosed) return
      const { fields } = req
      const isConditional =
        fieldOf(fields, 'if-none-match') !== undefined || fieldOf(fields, 'if-modified-since') !== undefined
      const isCurrent = isConditional && evaluateConditions(fields, entity) === 'NOT_MODIFIED'
      count(counters, isHit || isCurrent ? 'cacheHits' : 'cacheMisses')
      if (isCurrent) {
        res.sendHead(304, undefined, headOf304)
        res.end()
        return
      }
      if (req.method === 'GET') count(counters, 'filesServed')
      res.sendPrepared(response)
    },
    async send(req, res, servable) {
      if (res.isClosed) return
      const { file } = servable
      const nowMs = Date.now()
      const { entity, kept, head } = headsOf(servable, nowMs)
      const verdict = evaluateConditions(req.fields, entity)
      if (verdict === 'PRECONDITION_FAILED') return refuse(res, verdict)
      if (verdict === 'NOT_MODIFIED') {
        count(counters, 'cacheHits')
        res.sendHead(304, undefined, kept)
        return finished(res)
      }
      count(counters, 'cacheMisses')
      // RFC 9110 section 14.2: a range means something for GET only.
      const isRangeAsked =
        req.method === 'GET' && isRangeCurrent(fieldOf(req.fields, 'if-range'), entity, nowMs)
      const range = selectRange(isRangeAsked ? fieldOf(req.fields, 'range') : undefined, file.size)
      if (range === 'UNSATISFIABLE') {
        return refuse(res, 'RANGE_NOT_SATISFIABLE', ['Content-Range', `bytes */${file.size}`])
      }
      const span = range === 'WHOLE' ? { start: 0, length: file.size } : range
      head.push('Content-Length', String(span.length))
      if (range === 'WHOLE') res.sendHead(200, undefined, head)
      else {
        const last = span.start + span.length - 1
        head.push('Content-Range', `bytes ${span.start}-${last}/${file.size}`)
        res.sendHead(206, undefined, head)
      }
      if (req.method === 'HEAD') return finished(res)
      count(counters, 'filesServed')
      count(counters, 'filesStreamed')
      await sendSpan(res, span, (into, position) => disk.read(file.fd, into, position))
    },
  }
}

function refuse(res: HttpResponse, code: ErrorCode, fields: readonly string[] = []): Promise<void> {
  const { status } = errorTable[code]
  const body = errorBody(code, { accept: requestField(res.request.fields, 'accept') })
  return short(res, status, body, status === 503 ? ['Retry-After', '1', ...fields] : fields)
}

/** A missing file may be there in a moment, so nothing short is kept (a 404 and a 301 would be, RFC 9111 4.2.2). */
function short(
  res: HttpResponse,
  status: number,
  { type, text }: ErrorBody,
  more: readonly string[],
): Promise<void> {
  const body = Buffer.from(text)
  const fields = ['Content-Type', type, 'Content-Length', String(body.length), 'Cache-Control', 'no-store']
  res.sendHead(status, undefined, [...fields, ...nosniff, ...more])
  return finished(res, body)
}
