/** Runs one case of the suite against a data plane of its own. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import type { ServiceSettings, ServiceType } from '../../src/config/settings/settings.ts'
import { RawClient, type RawResponse } from '../kit/clients/raw-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge, type TestEdge } from '../kit/daemons/data-plane.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { type Recorded, type RecordingOrigin, startRecordingOrigin } from '../kit/origins/recording-origin.ts'
import { until } from '../kit/waiting/until.ts'
import type { Case, Expectation, Fields, OriginExpectation, Over } from './case.ts'

const site = tempDir()
writeFileSync(join(site, 'index.html'), 'hello')
process.on('exit', () => rmSync(site, { recursive: true, force: true }))

function settingsOf(type: ServiceType, origin: RecordingOrigin): ServiceSettings {
  if (type === 'forward') return forwardTo()
  if (type === 'reverse') return reverseTo(`http://${origin.authority}`)
  return filesIn([
    { path: '/', rootDir: site, spaMode: false, spaFallbackFile: 'index.html', indexFiles: ['index.html'] },
  ])
}

/** What a case runs against. */
interface Bench {
  readonly one: Case
  readonly type: ServiceType
  readonly origin: RecordingOrigin
  connect(): Promise<RawClient>
  /** Replaces the placeholders of a text. */
  fill(text: string): string
}

/** Runs a case against a worker type on its own sockets; throws if an expectation fails. */
export async function run(one: Case, type: ServiceType, over: Over): Promise<void> {
  const fill = (text: string) =>
    text
      .replace(/\{(\/[^}]*)\}/g, (_, path: string) => (type === 'forward' ? `http://{host}${path}` : path))
      .replaceAll('{host}', origin.authority)
      .replaceAll('{scheme}', over === 'TLS' ? 'https' : 'http')
  await using origin = await startRecordingOrigin(one.script)
  await using edge = await startEdge(settingsOf(type, origin), { tls: over === 'TLS' })
  const connect = () => (over === 'TLS' ? RawClient.connectTls(edge.port) : RawClient.connect(edge.port))
  const bench: Bench = { one, type, origin, connect, fill }
  if (one.isSplitEverywhere) await runSplit(bench)
  else await runOnce(bench)
  expect(origin.garbage).toEqual([])
  await checkLeft(edge)
}

async function runOnce({ one, type, origin, connect, fill }: Bench): Promise<void> {
  using client = await connect()
  const pieces = typeof one.send === 'string' ? [one.send] : one.send
  for (const [at, piece] of pieces.entries()) {
    // No signal shows when a piece has been read, so a case must also hold if two pieces are read at once.
    if (at > 0) await wait(20)
    client.send(fill(piece))
  }
  if (one.halfClose) client.end()
  const { closes, origin: wanted } = one.expect
  const checkSeen = async () => {
    if (wanted !== undefined && type !== 'static') await checkOrigin(origin, wanted, fill)
  }
  const { isCut, last } = await checkAnswers(client, one, origin, fill)
  const isClosing = closes === 'announced' ? last?.get('connection') === 'close' : closes
  if (isClosing === false) await checkSeen()
  await checkConnection(client, one.expect, isClosing, isCut, () =>
    fill('GET {/} HTTP/1.1\r\nHost: {host}\r\n\r\n'),
  )
  if (isClosing !== false) await checkSeen()
}

/** Positions tested at once; with more, a slow machine reaches the header deadline while clients connect. */
const splitsAtOnce = 25

async function runSplit(bench: Bench): Promise<void> {
  const bytes = bench.fill([bench.one.send].flat().join(''))
  for (let at = 1; at < bytes.length; at += splitsAtOnce) {
    const count = Math.min(splitsAtOnce, bytes.length - at)
    await runSplitAt(
      Array.from({ length: count }, (_, offset) => at + offset),
      bytes,
      bench,
    )
  }
}

/** Each client sends its first piece, and all second pieces follow after a pause. */
async function runSplitAt(
  positions: readonly number[],
  bytes: string,
  { one, origin, connect, fill }: Bench,
): Promise<void> {
  const clients = await Promise.all(positions.map(connect))
  const each = positions.map((at, index) => ({ at, client: clients[index] as RawClient }))
  for (const { at, client } of each) client.send(bytes.slice(0, at))
  await wait(20)
  for (const { at, client } of each) client.send(bytes.slice(at))
  for (const { at, client } of each) {
    using _ = client
    await checkAnswers(client, one, origin, fill).catch((cause: unknown) => {
      throw new Error(`split at ${at}: ${cause}`, { cause })
    })
  }
}

/**
 * Checks every response. `isCut` shows whether the last one was cut, as it must be when it could no longer
 * become a whole 502.
 */
async function checkAnswers(
  client: RawClient,
  one: Case,
  origin: RecordingOrigin,
  fill: (text: string) => string,
): Promise<{ readonly isCut: boolean; readonly last?: RawResponse }> {
  const { statuses, breaks, body, has = {}, lacks = [], trailers = {}, followedBy } = one.expect
  let last: RawResponse | undefined
  for (const [at, wanted] of statuses.entries()) {
    const isLast = at === statuses.length - 1
    if (isLast && breaks) {
      await until('something comes', () => client.pending.length > 0 || client.isEnded)
      // A response broken off before its head was sent never reaches the client.
      if (client.pending.length === 0) return { isCut: true }
      const head = await client.responseHead()
      expect([wanted].flat()).toContain(head.status)
      return { isCut: head.status !== 502 }
    }
    // The origin holds its final answer until the client has read the interim ones.
    if (isLast && one.script?.interim !== undefined) origin.release()
    last = await client.response(typeof one.method === 'string' ? one.method : one.method?.[at])
    expect([wanted].flat(), `answer ${at + 1}: ${last.text}`).toContain(last.status)
    if (!isLast) continue
    if (body !== undefined) expect(last.text).toMatch(body)
    checkFields(last.rawHeaders, has, lacks, fill)
    checkFields(last.trailers, trailers, [], fill)
    if (followedBy !== undefined) expect(String(await client.bytes(followedBy.length))).toBe(followedBy)
  }
  return last === undefined ? { isCut: false } : { isCut: false, last }
}

async function checkConnection(
  client: RawClient,
  { statuses }: Expectation,
  closes: boolean | undefined,
  isCut: boolean,
  another: () => string,
): Promise<void> {
  if (isCut) {
    const rest = (await client.rest()).toString('latin1')
    // A chunked body that was broken off has no last chunk.
    expect(rest).not.toMatch(/(^|\r\n)0\r\n\r\n$/)
    return
  }
  if (closes === true) {
    expect((await client.rest()).toString('latin1')).toBe('')
  } else if (closes === false && statuses.length > 0) {
    client.send(another())
    expect((await client.response()).status).toBe(200)
  }
}

async function checkOrigin(
  origin: RecordingOrigin,
  wanted: OriginExpectation,
  fill: (text: string) => string,
): Promise<void> {
  const { requests, line, has = {}, lacks = [], body, trailers = {} } = wanted
  if (requests !== undefined && requests > 0) {
    await until('the origin has them all', () => origin.recorded.length >= requests)
  }
  if (requests !== undefined) expect(origin.recorded.length).toBe(requests)
  const last: Recorded | undefined = origin.recorded[Math.max(0, (requests ?? 1) - 1)]
  if (line !== undefined) expect(last?.line).toMatch(line)
  if (body !== undefined) expect(last?.body).toBe(body)
  checkFields(last?.fields ?? [], has, lacks, fill)
  checkFields(last?.trailers ?? [], trailers, [], fill)
}

function checkFields(
  fields: readonly string[],
  has: Fields,
  lacks: readonly string[],
  fill: (text: string) => string,
): void {
  const all = (name: string) =>
    fields.filter((_, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === name.toLowerCase())
  for (const [name, value] of Object.entries(has)) {
    const values = all(name)
    expect(values, name).not.toEqual([])
    if (typeof value === 'string') expect(values.join(', '), name).toBe(fill(value))
    else expect(values.join(', '), name).toMatch(value)
  }
  for (const name of lacks) expect(all(name), name).toEqual([])
}

/** Nothing of any connection may remain after its client has left. */
async function checkLeft(edge: TestEdge): Promise<void> {
  await until('every connection is let go', () => edge.edge.open === 0)
}
