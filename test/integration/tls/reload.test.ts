import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ask, connectTls, sessionOf } from '../../kit/clients/tls-client.ts'
import { startTlsDaemon, type TlsDaemon } from '../../kit/daemons/tls-daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { makeCertificate, writeCertificate } from '../../kit/tls/certificates.ts'
import { until } from '../../kit/waiting/until.ts'

const get = ['GET /x HTTP/1.1', 'Host: a.test']

async function shownAt({ port }: TlsDaemon, servername: string): Promise<string> {
  const { socket, shown } = await connectTls(port, { servername })
  socket.destroy()
  return shown
}

describe.each(['thread', 'process', 'shared'] as const)(
  'new certificate files with isolation %s',
  (isolation) => {
    test('apply to later connections; open connections continue', async () => {
      await using origin = await startOrigin()
      await using daemon = await startTlsDaemon(`http://${origin.authority}`, { isolation })
      const { socket } = await connectTls(daemon.port, { servername: 'a.test' })
      const made = makeCertificate({ subject: 'new.test', names: ['a.test'] })
      writeCertificate(daemon.directory, 'a', made)
      await until('the new one is shown', async () => (await shownAt(daemon, 'a.test')) === 'new.test')
      expect(await ask(socket, ...get)).toMatch(/^HTTP\/1\.1 200/)
    })
  },
)

describe('new certificate files', () => {
  test('apply when they are renamed over the old ones', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'shared' })
    writeCertificate(daemon.directory, 'next', makeCertificate({ subject: 'new.test', names: ['a.test'] }))
    for (const kind of ['pem', 'key'])
      renameSync(join(daemon.directory, `next.${kind}`), join(daemon.directory, `a.${kind}`))
    await until('the new one is shown', async () => (await shownAt(daemon, 'a.test')) === 'new.test')
  })

  test('are named in the log if they are broken, and the old ones stay in use', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'shared' })
    const file = join(daemon.directory, 'a.pem')
    const before = readFileSync(file)
    writeFileSync(file, before.subarray(0, 200))
    const failed = () => daemon.proxy.log.find((line) => line.includes('certificates not reloaded'))
    await until('it is logged', () => failed() !== undefined)
    expect(failed()).toMatch(/^error .*a\.pem.*has no certificate/)
    expect(failed()).not.toContain('PRIVATE KEY')
    expect(await shownAt(daemon, 'a.test')).toBe('a.test')
    writeFileSync(file, before)
    await until('it is whole again', () =>
      daemon.proxy.log.some((line) => line.includes('certificates reloaded')),
    )
    expect(await shownAt(daemon, 'a.test')).toBe('a.test')
  })

  test('apply to an instance that starts later', async () => {
    await using daemon = await startTlsDaemon('http://127.0.0.1:9', { isolation: 'thread' })
    writeCertificate(daemon.directory, 'a', makeCertificate({ subject: 'new.test', names: ['a.test'] }))
    await until('the new one is shown', async () => (await shownAt(daemon, 'a.test')) === 'new.test')
    await replace(daemon)
    expect(await shownAt(daemon, 'a.test')).toBe('new.test')
  })
})

describe.each(['thread', 'process'] as const)('a TLS session with isolation %s', (isolation) => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of %s is resumed by every instance and by its successor',
    async (version) => {
      await using origin = await startOrigin()
      await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
        isolation,
        worker: { worker_threads: 2 },
      })
      const options = { servername: 'a.test', maxVersion: version }
      const { socket } = await connectTls(daemon.port, options)
      const session = sessionOf(socket)
      await ask(socket, ...get)
      const resume = async () => {
        const again = await connectTls(daemon.port, { ...options, session: await session })
        const isReused = again.socket.isSessionReused()
        again.socket.destroy()
        return isReused
      }
      const reused: boolean[] = []
      for (let visits = 0; visits < 12; visits += 1) reused.push(await resume())
      await replace(daemon)
      for (let visits = 0; visits < 12; visits += 1) reused.push(await resume())
      expect(reused).toEqual(Array.from({ length: 24 }, () => true))
    },
  )
})

/** Replaces every instance and waits until the old ones have ended. */
async function replace({ proxy }: TlsDaemon): Promise<void> {
  const instances = () =>
    proxy.daemon.overview.actors().flatMap(({ actor }) => (/^reverse_proxy#\d+$/.test(actor) ? [actor] : []))
  const before = instances()
  proxy.daemon.recycle('reverse_proxy')
  await until('all are new', () => {
    const isSteady = proxy.stateOf('supervisor:reverse_proxy') === 'supervising.steady'
    return (
      isSteady && instances().length === before.length && !instances().some((one) => before.includes(one))
    )
  })
}
