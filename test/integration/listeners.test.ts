import { existsSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'

import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

function over(socketPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = request({ socketPath, path: '/x', agent: false }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode ?? 0))
    })
    req.on('error', reject).end()
  })
}

/** Leaves a socket file without a listener, as a crash does. */
async function leaveBehind(path: string): Promise<void> {
  const before = createServer().listen(path)
  await new Promise((resolve) => before.once('listening', resolve))
  renameSync(path, `${path}.kept`)
  await new Promise((resolve) => before.close(resolve))
  renameSync(`${path}.kept`, path)
}

const reverse = (target: string, listeners: readonly object[], more: object = {}) => ({
  mode: 'Reverse',
  workers: { reverse_proxy: { target, listeners, ...more } },
})

describe.each(['thread', 'process', 'shared'] as const)('a worker with isolation %s', (isolation) => {
  test('listens on IPv4, IPv6 and a Unix socket, and removes the socket file at the end', async () => {
    await using origin = await startOrigin()
    const path = join(tempDir(), 'b.sock')
    const listeners = [
      { address: '127.0.0.1:0' },
      { address: `unix:${path}`, mode: '0660' },
      { address: '[::1]:0' },
    ]
    {
      await using proxy = await startTestDaemon(reverse(`http://${origin.authority}`, listeners), {
        isolation,
      })
      const [ipv4, ipv6] = proxy.daemon.addresses()['reverse_proxy'] ?? []
      using one = await RawClient.connect(ipv4?.port ?? 0)
      using other = await RawClient.connect(ipv6?.port ?? 0, '::1')
      expect((await one.get('/a')).status).toBe(200)
      expect((await other.get('/b')).status).toBe(200)
      await until('the path is there', () => existsSync(path))
      expect(await over(path)).toBe(200)
      expect(origin.last.get('x-forwarded-for')).toBe('unknown')
      expect(statSync(path).mode & 0o777).toBe(0o660)
    }
    expect(existsSync(path)).toBe(false)
  })

  test('loses no connection to its Unix socket while it is replaced', async () => {
    await using origin = await startOrigin()
    const path = join(tempDir(), 'b.sock')
    const config = reverse(`http://${origin.authority}`, [{ address: `unix:${path}` }])
    await using proxy = await startTestDaemon(config, { isolation })
    await until('the path is there', () => existsSync(path))
    const lost: unknown[] = []
    let served = 0
    let isOver = false
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await over(path).then(
          () => {
            served += 1
          },
          (error: unknown) => lost.push(error),
        )
      }
    })
    let inode = statSync(path).ino
    for (const generation of [2, 3]) {
      const before = served
      await until('the clients are at it', () => served >= before + 20)
      proxy.daemon.recycle('reverse_proxy')
      await until(
        'the successor serves',
        () => proxy.stateOf(`reverse_proxy#${generation}`) === 'running.alive',
        10_000,
      )
      await until('it has the path', () => statSync(path).ino !== inode)
      inode = statSync(path).ino
      await until('the old one is gone', () => {
        const isSteady = proxy.stateOf('supervisor:reverse_proxy') === 'supervising.steady'
        return isSteady && proxy.stateOf(`reverse_proxy#${generation - 1}`) === null
      })
    }
    isOver = true
    await Promise.all(clients)
    expect(lost).toEqual([])
  })
})

describe('a Unix socket', () => {
  const start = (path: string) =>
    startTestDaemon(reverse('http://127.0.0.1:9', [{ address: `unix:${path}` }]), { isolation: 'shared' })

  test('replaces a socket file without a listener', async () => {
    const path = join(tempDir(), 'b.sock')
    await leaveBehind(path)
    await using _proxy = await start(path)
    await until('it is served', async () => (await over(path).catch(() => 0)) === 502)
  })

  test.each(['thread', 'shared'] as const)(
    'shares its directory with other sockets and that of admin, despite files left by a crash (%s)',
    async (isolation) => {
      const directory = tempDir()
      const linked = `${directory}-link`
      symlinkSync(directory, linked)
      const paths = ['f1', 'f2', 'r1', 'r2'].map((name) => join(directory, `${name}.sock`))
      for (const path of paths.slice(1, 3)) await leaveBehind(path)
      // An earlier version tested the directory with this name; a kill left the file.
      await leaveBehind(join(directory, `.${process.pid}.try`))
      const at = (name: string, where = directory) => ({ address: `unix:${join(where, `${name}.sock`)}` })
      const config = {
        mode: 'Combined',
        admin: { listen_addr: `unix:${join(directory, 'admin.sock')}` },
        workers: {
          forward_proxy: { listeners: [at('f1'), at('f2')] },
          reverse_proxy: { target: 'http://127.0.0.1:9', listeners: [at('r1'), at('r2', linked)] },
        },
      }
      await using _proxy = await startTestDaemon(config, { isolation })
      for (const path of paths) {
        await until(`${path} is served`, async () => (await over(path).catch(() => 0)) > 0)
      }
      expect(await over(join(directory, 'admin.sock'))).toBe(404)
    },
  )

  test('is reported in one clear line if it is in use', async () => {
    const path = join(tempDir(), 'b.sock')
    const other = createServer().listen(path)
    await new Promise((resolve) => other.once('listening', resolve))
    await expect(start(path)).rejects.toThrow(`cannot listen on unix:${path}: it is already in use`)
    expect(existsSync(path)).toBe(true)
    other.close()
  })

  test('never replaces a file that is not a socket', async () => {
    const path = join(tempDir(), 'b.sock')
    writeFileSync(path, 'precious')
    await expect(start(path)).rejects.toThrow('the path exists and is not a socket')
  })

  test('is reported in one clear line if its directory does not exist', async () => {
    const path = join(tempDir(), 'none', 'b.sock')
    await expect(start(path)).rejects.toThrow('its directory does not exist')
  })

  test('is removed when the daemon stops, also after its worker was killed', async () => {
    const path = join(tempDir(), 'b.sock')
    {
      await using proxy = await startTestDaemon(
        reverse('http://127.0.0.1:9', [{ address: `unix:${path}` }]),
        {
          allowFaults: true,
        },
      )
      await until('the path is there', () => existsSync(path))
      const before = statSync(path).ino
      proxy.daemon.inject('reverse_proxy', 'kill')
      await until(
        'its successor has it',
        () => statSync(path, { throwIfNoEntry: false })?.ino !== before,
        10_000,
      )
    }
    expect(existsSync(path)).toBe(false)
  })
})
