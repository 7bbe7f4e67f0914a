import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask, connectTls } from '../../kit/clients/tls-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { makeCertificate, writeCertificate } from '../../kit/tls/certificates.ts'
import { until } from '../../kit/waiting/until.ts'

const token = 'the-token-of-this-test'
const request = (path: string) => [
  `GET ${path} HTTP/1.1`,
  'Host: 127.0.0.1',
  `Authorization: Bearer ${token}`,
]

/** An admin interface with TLS and replaceable certificate files. */
async function startAdmin() {
  const directory = tempDir()
  writeCertificate(directory, 'admin', makeCertificate({ subject: 'old.test' }))
  const tls = { cert: join(directory, 'admin.pem'), key: join(directory, 'admin.key') }
  const running = await startTestDaemon({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    admin: { listen_addr: '127.0.0.1:0', token, tls },
    workers: { reverse_proxy: { isolation: 'shared', target: 'http://127.0.0.1:9' } },
  })
  const port = running.port('admin')
  return {
    directory,
    log: running.log,
    visit: () => connectTls(port),
    async shown() {
      const { socket, shown } = await connectTls(port)
      socket.destroy()
      return shown
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

test('new certificate files of admin apply to later connections; open connections continue', async () => {
  await using admin = await startAdmin()
  expect(await admin.shown()).toBe('old.test')
  const { socket } = await admin.visit()
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  socket.write(`${request('/api/events').join('\r\n')}\r\n\r\n`)
  writeCertificate(admin.directory, 'admin', makeCertificate({ subject: 'new.test' }))
  await until('the new one is shown', async () => (await admin.shown()) === 'new.test')
  const before = received
  await until('the stream goes on', () => received > before)
  socket.destroy()
  const { socket: later } = await admin.visit()
  expect(await ask(later, ...request('/health'))).toMatch(/^HTTP\/1\.1 200/)
  expect(admin.log.find((line) => line.includes('certificates reloaded'))).toContain('"listener":"admin"')
})

test('broken certificate files are logged, and the old ones stay in use', async () => {
  await using admin = await startAdmin()
  const file = join(admin.directory, 'admin.pem')
  const before = readFileSync(file)
  writeFileSync(file, before.subarray(0, 200))
  const failed = () => admin.log.find((line) => line.includes('certificates not reloaded'))
  await until('it is logged', () => failed() !== undefined)
  expect(failed()).toMatch(/^error .*admin\.pem.*has no certificate/)
  expect(failed()).not.toContain('PRIVATE KEY')
  expect(await admin.shown()).toBe('old.test')
})
