import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { ask, connectTls, sessionOf } from '../../kit/clients/tls-client.ts'

import { startTlsDaemon } from '../../kit/daemons/tls-daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { startRecordingOrigin } from '../../kit/origins/recording-origin.ts'
import { makeCertificate } from '../../kit/tls/certificates.ts'

const authority = makeCertificate({ subject: 'Clients', isAuthority: true })
const stranger = makeCertificate({ subject: 'Strangers', isAuthority: true })
const anna = makeCertificate({ subject: 'anna', issuer: authority })
const eve = makeCertificate({ subject: 'eve', issuer: stranger })
const late = makeCertificate({ subject: 'late', issuer: authority, until: new Date(Date.now() - 1000) })

function clientTls(auth: 'required' | 'optional', header = 'X-Client-Subject') {
  const file = join(tempDir(), 'clients.pem')
  writeFileSync(file, authority.cert)
  return { client_ca: file, client_auth: auth, client_subject_header: header }
}

const get = ['GET /x HTTP/1.1', 'Host: a.test']

/** The response, or the reason why it is missing. */
async function outcome(port: number, as: ConnectionOptions): Promise<string> {
  try {
    const { socket } = await connectTls(port, as)
    return (await ask(socket, ...get)).slice(0, 12)
  } catch (error) {
    return `none: ${(error as Error).message}`
  }
}

describe('client_auth required', () => {
  test('rejects a client without a certificate, or with an expired or foreign one', async () => {
    await using origin = await startOrigin()
    await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
      isolation: 'shared',
      tls: clientTls('required'),
    })
    for (const who of [{}, eve, late]) {
      expect(await outcome(daemon.port, who)).not.toMatch(/^HTTP/)
      const older = { ...who, maxVersion: 'TLSv1.2' } as const
      expect(await outcome(daemon.port, older)).not.toMatch(/^HTTP/)
    }
    expect(origin.seen.length).toBe(0)
    expect(await outcome(daemon.port, anna)).toBe('HTTP/1.1 200')
    expect(origin.last.all('x-client-subject')).toEqual(['CN=anna'])
  })
})

describe('client_auth optional', () => {
  test('accepts clients without a certificate, and sends the subject of a valid one only', async () => {
    await using origin = await startOrigin()
    await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
      isolation: 'process',
      tls: clientTls('optional'),
    })
    for (const who of [{}, eve, anna]) expect(await outcome(daemon.port, who)).toBe('HTTP/1.1 200')
    expect(origin.seen.map((seen) => seen.all('x-client-subject'))).toEqual([[], [], ['CN=anna']])
  })

  test('removes the subject field from client requests, in any spelling', async () => {
    await using origin = await startOrigin()
    await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
      isolation: 'shared',
      tls: clientTls('optional'),
    })
    const forged = ['x-client-subject: CN=root', 'X_Client_Subject: CN=root', 'Connection: X-Client-Subject']
    const first = await connectTls(daemon.port)
    await ask(first.socket, ...get, ...forged)
    const second = await connectTls(daemon.port, anna)
    await ask(second.socket, ...get, ...forged)
    expect(
      origin.seen.map(({ rawHeaders }) => rawHeaders.filter((text) => /subject|CN=/i.test(text))),
    ).toEqual([[], ['X-Client-Subject', 'CN=anna']])
  })

  test('removes the subject field from trailers too', async () => {
    await using origin = await startRecordingOrigin()
    await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
      isolation: 'shared',
      tls: clientTls('optional'),
    })
    const { socket } = await connectTls(daemon.port, anna)
    const head = ['POST / HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked', 'Connection: close']
    const rest = ['2', 'ok', '0', 'X-Sum: 7', 'X-Client-Subject: CN=root', 'x_client_subject: CN=root']
    socket.write(`${[...head, '', ...rest].join('\r\n')}\r\n\r\n`)
    await once(socket.resume(), 'close')
    expect(origin.recorded[0]?.trailers).toEqual(['X-Sum', '7'])
    expect(origin.recorded[0]?.fields).toContain('CN=anna')
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'sends the same subject for a resumed %s session',
    async (version) => {
      await using origin = await startOrigin()
      await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
        isolation: 'shared',
        tls: clientTls('optional'),
      })
      const resumed: boolean[] = []
      for (const who of [anna, {}]) {
        const options = { ...who, maxVersion: version, servername: 'a.test' }
        const { socket } = await connectTls(daemon.port, options)
        const session = sessionOf(socket)
        await ask(socket, ...get)
        const again = await connectTls(daemon.port, { ...options, session: await session })
        resumed.push(again.socket.isSessionReused())
        await ask(again.socket, ...get)
      }
      expect(resumed).toEqual([true, true])
      expect(origin.seen.map((seen) => seen.all('x-client-subject'))).toEqual([
        ['CN=anna'],
        ['CN=anna'],
        [],
        [],
      ])
    },
  )
})
