import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')

const script = `
  await import(${JSON.stringify(join(root, 'src/instance/instance.ts'))})
  await import(${JSON.stringify(join(root, 'src/proxy/static/static.ts'))})
  process.stdout.write(JSON.stringify(process.moduleLoadList))
`

test('an instance of static files loads no HTTP module of Node, TLS, crypto or compression', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  const loaded = new Set((JSON.parse(stdout) as string[]).map((name) => name.replace('NativeModule ', '')))
  expect(loaded).toContain('net')
  const http = ['http', 'https', 'http2', '_http_server', '_http_client', 'internal/deps/undici/undici']
  const heavy = [...http, 'tls', 'crypto', 'zlib']
  expect(heavy.filter((name) => loaded.has(name))).toEqual([])
})
