import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatAddress } from '../../../src/config/address/address.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'

describe('the examples in config/', () => {
  const files = readdirSync('config', { withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  )

  test.each(files)('%s loads', (name) => {
    const directory = tempDir()
    cpSync('config', directory, { recursive: true })
    mkdirSync(join(directory, 'public'), { recursive: true })
    expect(loadConfig(join(directory, name)).settings.workers.length).toBeGreaterThan(0)
  })

  test('demo.json runs each type in its own worker, with the embedded upstream', () => {
    const { settings } = loadConfig('config/demo.json')
    const places = settings.workers.map(({ name, listen }) => `${name} ${listen.map(formatAddress)}`)
    expect(places).toEqual([
      'forward_proxy 127.0.0.1:3128',
      'reverse_proxy 127.0.0.1:8080',
      'static_files 127.0.0.1:8081',
    ])
    expect(settings.admin).toMatchObject({ enabled: true, listen: { host: '127.0.0.1', port: 9900 } })
    expect(settings.demoUpstream).toEqual({ host: '127.0.0.1', port: 9981 })
  })

  test('the sample site uses no external resources, and every file that it references exists', () => {
    const page = readFileSync('config/site/index.html', 'utf8')
    const links = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link ?? '')
    expect(readdirSync('config/site')).toEqual(expect.arrayContaining(links))
  })
})
