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
import type { Case, Expectation, Fields, OriginExpectation } from './case.ts'

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

/** Runs a case against a worker type on its own sockets; throws if an expectation fails. */
export async function run(one: Case, type: ServiceType): Promise<void> {
  const fill = (text: string) =>
    text
      .replace(/\{(\/[^}]*)\}/g, (_, path: string) => (type === 'forward' ? `http://{host}${path}` : path))
      .replaceAll('{host}', origin.authority)
  const { script } = one
  await using origin = await startRecordingOrigin(script)
  await using edge = await startEdge(settingsOf(type, origin))
  using client = await RawClient.connect(edge.port)
  const pieces = typeof one.send === 'string' ? [one.send] : one.send
  for (const [at, piece] of pieces.entries()) {
    // No signal shows when a piece has been read, so a case must also hold if two pieces are read at once.
    if (at > 0) await wait(20)
    client.send(fill(piece))
  }
  if (one.halfClose) client.end()
  const { closes, origin: wanted } = one.expect
  const checkSeen = async () => {
    if (wanted !== undefined && type !== 'static') await checkOrigin(origin, wanted)
  }
  const isCut = await checkAnswers(client, one)
  if (closes === false) await checkSeen()
  await checkConnection(client, one.expect, isCut, () => fill('GET {/} HTTP/1.1\r\nHost: {host}\r\n\r\n'))
  if (closes !== false) await checkSeen()
  expect(origin.garbage).toEqual([])
  await checkLeft(client, edge)
}

/**
 * Checks every response. Returns whether the last one was cut, as it must be when it could no longer become a
 * whole 502.
 */
async function checkAnswers(client: RawClient, one: Case): Promise<boolean> {
  const { statuses, breaks, body, has = {}, lacks = [] } = one.expect
  for (const [at, wanted] of statuses.entries()) {
    const isLast = at === statuses.length - 1
    if (isLast && breaks) {
      await until('something comes', () => client.pending.length > 0 || client.isEnded)
      // A response broken off before its head was sent never reaches the client.
      if (client.pending.length === 0) return true
      const head = await client.responseHead()
      expect([wanted].flat()).toContain(head.status)
      return head.status !== 502
    }
    const answer: RawResponse = await client.response(one.method)
    expect([wanted].flat(), `answer ${at + 1}: ${answer.text}`).toContain(answer.status)
    if (!isLast) continue
    if (body !== undefined) expect(answer.text).toMatch(body)
    checkFields(answer.rawHeaders, has, lacks)
  }
  return false
}

async function checkConnection(
  client: RawClient,
  { statuses, closes }: Expectation,
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

async function checkOrigin(origin: RecordingOrigin, wanted: OriginExpectation): Promise<void> {
  const { requests, line, has = {}, lacks = [], body } = wanted
  if (requests !== undefined && requests > 0) {
    await until('the origin has them all', () => origin.recorded.length >= requests)
  }
  if (requests !== undefined) expect(origin.recorded.length).toBe(requests)
  const last: Recorded | undefined = origin.recorded[Math.max(0, (requests ?? 1) - 1)]
  if (line !== undefined) expect(last?.line).toMatch(line)
  if (body !== undefined) expect(last?.body).toBe(body)
  checkFields(last?.fields ?? [], has, lacks)
}

function checkFields(fields: readonly string[], has: Fields, lacks: readonly string[]): void {
  const all = (name: string) =>
    fields.filter((_, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === name.toLowerCase())
  for (const [name, value] of Object.entries(has)) {
    const values = all(name)
    expect(values, name).not.toEqual([])
    if (typeof value === 'string') expect(values.join(', '), name).toBe(value)
    else expect(values.join(', '), name).toMatch(value)
  }
  for (const name of lacks) expect(all(name), name).toEqual([])
}

/** Nothing of the connection may remain after the client has left. */
async function checkLeft(client: RawClient, edge: TestEdge): Promise<void> {
  client.destroy()
  await until('the connection is let go', () => edge.edge.open === 0)
}
