import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { planWorkers } from '../../../src/supervise/plan.ts'
import { RefusalLog } from '../../../src/supervise/refusal-log.ts'

function combined() {
  const text = JSON.stringify({
    mode: 'Combined',
    listen_addr: '127.0.0.1:0',
    workers: { forward_proxy: {}, reverse_proxy: { target: 'http://127.0.0.1:9' } },
  })
  const { settings } = parseConfig(text, { file: 'a.json', baseDir: '/' })
  const services = planWorkers(settings).flatMap((plan) => plan.services)
  const lines: string[] = []
  const log = new RefusalLog(services, (level, message, fields) =>
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
  )
  return { services, log, lines }
}

test('refused connections are counted once per worker, by reason', () => {
  const { services, log } = combined()
  const worker = services[0]?.worker.name ?? ''
  log.refused(`${worker}/0/0`, 'WORKER_GAVE_UP')
  log.refused(`${worker}/0/1`, 'WORKER_GAVE_UP')
  log.refused(`${worker}/0/0`, 'OVER_LIMIT')
  const counts = services.map((service) => [service.type, service.total('connectionsRefused')])
  expect(counts).toEqual([
    ['forward', 0],
    ['reverse', 0],
    ['combined', 3],
  ])
  expect(services.at(-1)?.reading(0).refused).toMatchObject({
    WORKER_GAVE_UP: 2,
    OVER_LIMIT: 1,
    WORKER_STARTING: 0,
  })
})

test('a flood of refused connections logs one line per reason in ten seconds, with their number', () => {
  const { services, log, lines } = combined()
  const key = `${services[0]?.worker.name}/0/0`
  for (let at = 0; at <= 20_000; at += 1_000) {
    for (let one = 0; one < 5; one += 1) log.refused(key, 'WORKER_RESTARTING')
    log.tick(at)
  }
  log.refused(key, 'DRAINING')
  log.close()
  const said = lines.map((line) => /"code":"(\w+)","count":(\d+)/.exec(line)?.slice(1).join(' '))
  expect(said).toEqual(['WORKER_RESTARTING 5', 'WORKER_RESTARTING 50', 'WORKER_RESTARTING 50', 'DRAINING 1'])
})
