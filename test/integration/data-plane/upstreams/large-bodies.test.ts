import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { expect, test } from 'vitest'
import { tunnelBuffers } from '../../../../src/http/upstream/tunnel-buffers.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

/** Bytes that show their place, so that a piece in the wrong place changes the hash. */
const large = Buffer.alloc(6 * 1024 * 1024)
for (let at = 0; at < large.length; at += 4) large.writeUInt32LE(at, at)
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const expected = hashOf(large)

/** Downloads the body; a slow client stops after every 256 KiB or so. */
const download = (port: number, isSlow: boolean): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/', agent: false }, (response) => {
      const pieces: Buffer[] = []
      let bytes = 0
      response.on('data', (piece: Buffer) => {
        pieces.push(piece)
        bytes += piece.length
        if (!isSlow || bytes < 256 * 1024) return
        bytes = 0
        response.pause()
        setTimeout(() => response.resume(), 5)
      })
      response.on('end', () => resolve(hashOf(Buffer.concat(pieces))))
      response.on('error', reject)
    }).on('error', reject)
  })

for (const framing of ['Content-Length', 'chunks', 'the end of the connection'] as const) {
  test(`large bodies framed by ${framing} reach fast and slow clients unchanged`, async () => {
    await using origin = await startOrigin((_req, res) => {
      if (framing === 'Content-Length') res.setHeader('Content-Length', large.length)
      if (framing === 'the end of the connection') {
        res.setHeader('Connection', 'close')
        res.removeHeader('Transfer-Encoding')
        res.useChunkedEncodingByDefault = false
      }
      res.write(large.subarray(0, 1_000_000))
      res.end(large.subarray(1_000_000))
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    const clients = Array.from({ length: 8 }, (_, at) => download(proxy.port, at % 2 === 1))
    expect(await Promise.all(clients)).toEqual(clients.map(() => expected))
    await until('all buffers are given back', () => tunnelBuffers.taken === 0)
  })
}

test('a client that leaves in the middle of a large body gives its buffers back', async () => {
  await using origin = await startOrigin((_req, res) => {
    res.setHeader('Content-Length', large.length * 10)
    for (let at = 0; at < 10; at += 1) res.write(large)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  await new Promise<void>((resolve) => {
    const request = get({ port: proxy.port, host: '127.0.0.1', path: '/', agent: false }, (response) => {
      let bytes = 0
      response.on('error', () => {})
      response.on('data', (piece: Buffer) => {
        bytes += piece.length
        if (bytes < large.length) return
        request.destroy()
        resolve()
      })
    })
    request.on('error', () => {})
  })
  await until('all buffers are given back', () => tunnelBuffers.taken === 0)
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
})
