import { expect, test } from 'vitest'
import { load, messages } from '../../kit/configuration/config-text.ts'

const worker = (block: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:1',
  workers: { reverse_proxy: { target: 'http://up:3000', ...block } },
})
const paceOf = (config: object) => load(config).settings.workers[0]?.services[0]?.pace

test('by default a client that has ended its side is kept as long as its exchange', () => {
  expect(paceOf(worker({}))?.halfClosedMs).toBe(0)
})

test('half_closed_secs limits how long it is kept', () => {
  expect(paceOf(worker({ timeouts: { half_closed_secs: 1.5 } }))?.halfClosedMs).toBe(1_500)
})

test('every type of worker has half_closed_secs', () => {
  const timeouts = { half_closed_secs: 3 }
  const mounts = [{ path: '/', root_dir: '.' }]
  const listen = { listen_addr: '127.0.0.1:1' }
  for (const config of [
    { mode: 'Forward', ...listen, workers: { forward_proxy: { timeouts } } },
    { mode: 'Static', ...listen, workers: { static_files: { mounts, timeouts } } },
  ]) {
    expect(paceOf(config)?.halfClosedMs, config.mode).toBe(3_000)
  }
})

test.each([-1, 604_801, '2', null])('half_closed_secs cannot be %j', (value) => {
  expect(messages(worker({ timeouts: { half_closed_secs: value } })).join()).toContain(
    'workers.reverse_proxy.timeouts.half_closed_secs: ',
  )
})
