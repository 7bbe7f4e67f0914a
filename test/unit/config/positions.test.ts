import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { positionOf } from '../../../src/config/positions.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'

const baseDir = tempDir()
const positionsOf = (text: string) => parseConfig(text, { file: 'a.yaml', baseDir, env: {} }).positions

const text = `
mode: Combined
listen_addr: 127.0.0.1:8080
workers:
  static_files:
    max_connections: 7
    mounts:
      - path: /
        root_dir: .
      - path: /docs
        root_dir: .
  reverse_proxy:
    target: http://127.0.0.1:1
    access: { deny: ["192.0.2.0/24", "::1"] }
    auth: { users: [{ name: ann, password: $2b$10$abcdefghijklmnopqrstuuKIGuPP0XTXVSkIqXnYBTyfJsOqjGkVW }] }
`

describe('the position of a setting', () => {
  test.each([
    ['workers.static_files.mounts[1]', 10, 9, 'workers.static_files.mounts[1]', true],
    ['workers.reverse_proxy.access.deny[1]', 14, 38, 'workers.reverse_proxy.access.deny[1]', true],
    [
      'workers.static_files.resource_limits.max_connections',
      6,
      22,
      'workers.static_files.max_connections',
      true,
    ],
    ['workers.reverse_proxy.timeouts.header_secs', 13, 5, 'workers.reverse_proxy', false],
    ['workers.static_files.mounts[1].spa_mode', 10, 9, 'workers.static_files.mounts[1]', false],
    ['admin.token', 2, 1, '', false],
  ])('is found for %s', (setting, line, column, path, isWritten) => {
    const place = positionOf(positionsOf(text), setting)
    expect(place).toEqual({ file: 'a.yaml', line, column, path, isWritten })
  })

  test('a worker without a block has the position of mode', () => {
    const positions = positionsOf('{ "mode": "Forward", "listen_addr": "127.0.0.1:1" }')
    expect(positionOf(positions, 'workers.forward_proxy.access')).toMatchObject({
      path: 'mode',
      isWritten: false,
    })
  })

  test('worker_separation is an alias of workers', () => {
    const positions = positionsOf(text.replace('workers:', 'worker_separation:'))
    expect(positionOf(positions, 'workers.reverse_proxy.target')).toMatchObject({
      line: 13,
      path: 'worker_separation.reverse_proxy.target',
      isWritten: true,
    })
  })

  test('the table contains no values, and so no secrets', () => {
    expect(JSON.stringify(positionsOf(text))).not.toContain('KIGuPP0')
  })
})
