import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { tied } from '../kit/processes/tied.ts'
import { until } from '../kit/waiting/until.ts'

const root = join(import.meta.dirname, '../..')
const folder = tempDir()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Run {
  readonly child: ChildProcess
  out: string
  err: string
  readonly code: Promise<number | null>
}

function bifrost(...args: readonly string[]): Run {
  const child = tied(spawn(process.execPath, [join(root, 'src/cli/bifrost.js'), ...args], { cwd: folder }))
  const run: Run = {
    child,
    out: '',
    err: '',
    code: once(child, 'close').then(([code]) => code as number | null),
  }
  child.stdout.on('data', (piece) => {
    run.out += piece
  })
  child.stderr.on('data', (piece) => {
    run.err += piece
  })
  return run
}

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen({ host: '127.0.0.1', port: 0 }))
  await Promise.all(servers.map((server) => server.listening || once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** Writes config/demo.json with free ports. */
async function demoOnFreePorts(): Promise<string> {
  let text = readFileSync(join(root, 'config/demo.json'), 'utf8').replace('./site', join(root, 'config/site'))
  const ports = ['3128', '8080', '8081', '9900', '9981']
  for (const [at, free] of (await freePorts(ports.length)).entries())
    text = text.replaceAll(ports[at] ?? '', String(free))
  return write('demo.json', text)
}

interface Demo {
  readonly workers: {
    readonly forward_proxy: {
      readonly listen_addr: string
      readonly destinations: { readonly allow: readonly string[] }
    }
  }
}

async function connectStatus(proxy: number, authority: string): Promise<number> {
  using client = await RawClient.connect(proxy)
  client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
  return (await client.responseHead()).status
}

/** Sends the request of a printed curl line and returns the status. */
async function curl(line: string): Promise<number> {
  const [, proxy, target = ''] = /^curl (?:-x http:\/\/(\S+) )?(\S+)$/.exec(line) ?? []
  const url = new URL(target)
  const [host, port] = (proxy ?? url.host).split(':')
  using client = await RawClient.connect(Number(port), host)
  return (await client.get(proxy ? target : url.pathname)).status
}

/** Generous: each test starts one or more processes. */
const timeout = 180_000

describe('the command line', { timeout }, () => {
  test('runs the demonstration: prints the listeners and three curl lines that work', async () => {
    const run = bifrost('--config', await demoOnFreePorts())
    await until('it is up', () => run.child.exitCode !== null || run.out.includes('Ctrl+C'))
    const lines = run.out.split('\n').map((line) => line.trim())
    const curls = lines.filter((line) => line.startsWith('curl '))
    expect(curls).toHaveLength(3)
    for (const line of curls) expect([line, await curl(line)]).toEqual([line, 200])
    // The destinations of the demo allow its own listeners, except admin and the forward proxy itself.
    const { forward_proxy: forward } = (JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as Demo)
      .workers
    const proxy = Number(forward.listen_addr.split(':')[1])
    const admin = Number(/127\.0\.0\.1:(\d+) +admin/.exec(run.out)?.[1])
    expect(forward.destinations.allow).toHaveLength(3)
    for (const authority of forward.destinations.allow)
      expect([authority, await connectStatus(proxy, authority)]).toEqual([authority, 200])
    for (const port of [proxy, admin])
      expect([port, await connectStatus(proxy, `127.0.0.1:${port}`)]).toEqual([port, 403])
    expect(await curl(`curl -x http://127.0.0.1:${proxy} http://127.0.0.1:${admin}/health`)).toBe(403)
    expect(lines.filter((line) => /^127\.0\.0\.1:\d+ /.test(line))).toHaveLength(4)
    run.child.kill('SIGINT')
    expect(await run.code).toBe(0)
    expect(run.err).not.toContain('error')
  })

  test('ends with 0 after SIGTERM', async () => {
    const run = bifrost('--config', await demoOnFreePorts())
    await until('it is up', () => run.child.exitCode !== null || run.out.includes('Ctrl+C'))
    run.child.kill('SIGTERM')
    expect(await run.code).toBe(0)
  })

  test('prints the effective configuration with --check and starts nothing', async () => {
    const run = bifrost(
      '--check',
      '--config',
      write('ok.json', '{"mode":"Forward","listen_addr":"127.0.0.1:3128"}'),
    )
    expect(await run.code).toBe(0)
    expect(JSON.parse(run.out)).toMatchObject({
      workers: { forward_proxy: { resource_limits: { max_connections: 1000 } } },
    })
    expect(run.err).toBe('')
  })

  test('warns of an open forward proxy, with --check and at start', async () => {
    const [port, admin] = await freePorts(2)
    const text = JSON.stringify({
      mode: 'Forward',
      listen_addr: `0.0.0.0:${port}`,
      admin: { listen_addr: `127.0.0.1:${admin}` },
    })
    const file = write('open.json', text)
    const warning = `workers.forward_proxy listens on 0.0.0.0:${port} without auth or access`
    const check = bifrost('--check', '--config', file)
    expect(await check.code).toBe(0)
    expect(check.err).toContain(`warning: ${warning}`)
    const run = bifrost('--config', file)
    await until('it is up', () => run.out.includes('Ctrl+C'), 15_000)
    run.child.kill('SIGTERM')
    expect(await run.code).toBe(0)
    expect(run.err).toContain(warning)
  })

  test('reports every bad field with its position and ends with 78', async () => {
    const text = '{\n  "mode": "Forwards",\n  "listen_addr": "127.0.0.1",\n  "worker": {}\n}\n'
    const file = write('bad.json', text)
    const run = bifrost('--config', file)
    expect(await run.code).toBe(78)
    const lines = run.err.trimEnd().split('\n')
    expect(lines.map((line) => line.slice(file.length).split(' ')[0])).toEqual([':2:11', ':3:18', ':4:3'])
    expect(run.out).toBe('')
  })

  test('ends with 78 if the file does not exist', async () => {
    const run = bifrost('--config', join(folder, 'none.json'))
    expect(await run.code).toBe(78)
    expect(run.err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('ends with 1 and one line for each address that is already in use', async () => {
    const taken = createServer().listen({ host: '127.0.0.1', port: 0 })
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const run = bifrost(
      '--config',
      write('taken.json', `{"mode":"Forward","listen_addr":"127.0.0.1:${port}","admin":{"enabled":false}}`),
    )
    expect(await run.code).toBe(1)
    expect(run.err).toBe(
      `cannot listen on 127.0.0.1:${port}: the address is already in use; stop the program that uses it, or choose another port\n`,
    )
    taken.close()
  })

  test('creates a key, encrypts and hashes standard input, and --check shows no secret', async () => {
    const home = join(folder, 'secrets')
    const env = { ...process.env, BIFROST_SECRET_HOME: home }
    const ask = (input: string, ...args: string[]) =>
      spawnSync(process.execPath, [join(root, 'src/cli/bifrost.js'), ...args], {
        env,
        input,
        encoding: 'utf8',
      })
    expect(ask('pw\n', '--encrypt')).toMatchObject({
      status: 78,
      stderr: `needs a master key, but ${home} has none; --init-encryption-key creates one\n`,
    })
    expect(ask('', '--init-encryption-key').stdout).toContain(home)
    const encrypted = ask('pw\n', '--encrypt').stdout.trim()
    const hash = ask('pw\n', '--hash-password').stdout.trim()
    expect([encrypted, hash].join()).toMatch(/^\{encrypted\}\S+,\$scrypt\$ln=15,r=8,p=1\$\S+$/)
    const users = [
      { name: 'a', password: encrypted },
      { name: 'b', password: hash },
    ]
    const file = write(
      'users.json',
      JSON.stringify({
        mode: 'Forward',
        listen_addr: '127.0.0.1:0',
        workers: { forward_proxy: { auth: { users } } },
      }),
    )
    const { status, stdout, stderr } = ask('', '--config', file, '--check')
    expect(status).toBe(0)
    expect(stdout).not.toMatch(/encrypted|scrypt/)
    expect(stderr).toContain('auth.users[1].password: secret, shown as')
    expect(ask('', '--encrypt', '--check', '--hash-password').status).toBe(64)
  })

  test('prints its usage for a wrong option and ends with 64', async () => {
    const run = bifrost('--cofig', 'x')
    expect(await run.code).toBe(64)
    expect(run.err).toContain('usage: bifrost')
  })
})
