import { expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { startOtlpReceiver } from '../../kit/telemetry/otlp-receiver.ts'
import { scrape } from '../../kit/telemetry/scrape.ts'
import { until } from '../../kit/waiting/until.ts'

const token = 'a-token-of-some-length'
const supervisor = 'supervisor:reverse_proxy'
const reverse = (authority: string, more: object = {}) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  admin: { listen_addr: '127.0.0.1:0', token },
  workers: { reverse_proxy: { target: `http://${authority}` } },
  ...more,
})

test('a worker drained by an operator is in Warning, and the states it has left go to 0', async () => {
  const gate = Promise.withResolvers<void>()
  await using origin = await startOrigin(async (_req, res) => {
    await gate.promise
    res.end('late')
  })
  await using running = await startTestDaemon(reverse(origin.authority))
  const states = async () => {
    const { samples } = await scrape(running)
    const own = samples.filter(({ labels }) => labels['proxy_actor'] === supervisor)
    return Object.fromEntries(own.map(({ labels, value }) => [labels['proxy_actor_state'], value]))
  }
  const health = async () => (await scrape(running)).of('proxy_worker_health').map(({ value }) => value)
  const reasons = async () => {
    const { status, text } = await running.admin('/health')
    return [status, JSON.parse(text).workers.reverse_proxy.reasons]
  }
  expect(await states()).toEqual({ 'supervising.steady': 1 })
  using client = await RawClient.connect(running.port('reverse_proxy'))
  const answer = client.get('/')
  await until('the origin has the request', () => origin.seen.length === 1)
  const headers = { Authorization: `Bearer ${token}` }
  await running.admin('/api/workers/reverse_proxy/drain', 'POST', { headers })
  await until('it drains', () => running.stateOf(supervisor) === 'draining')
  expect(await health()).toEqual([1])
  expect(await reasons()).toEqual([200, ['the worker is draining']])
  expect(await states()).toEqual({ 'supervising.steady': 0, draining: 1 })
  gate.resolve()
  expect((await answer).text).toBe('late')
  await until('it is drained', () => running.stateOf(supervisor) === 'drained')
  expect(await health()).toEqual([1])
  expect(await reasons()).toEqual([200, ['the worker is drained']])
  expect(await states()).toEqual({ 'supervising.steady': 0, draining: 0, drained: 1 })
})

test('the last export of a stopping daemon has no worker in Critical', async () => {
  const receiver = await startOtlpReceiver()
  await using origin = await startOrigin()
  const name = 'planned-stop'
  const telemetry = { endpoint: receiver.httpUrl, resource: { 'service.name': name } }
  const running = await startTestDaemon(reverse(origin.authority, { telemetry }))
  // A scrape before the stop must not remove values from the last export.
  await scrape(running)
  running.daemon.stop()
  await running.daemon.stopped
  const latest = (metric: string) =>
    receiver.points.filter((point) => point.resource['service.name'] === name && point.name === metric)
  await until('it has arrived', () => latest('proxy.worker.health').length > 0)
  expect(latest('proxy.worker.health').map(({ raw }) => Number(raw.asInt ?? raw.asDouble))).toEqual([1])
  const states = latest('proxy.actor.state')
    .filter(({ attributes }) => attributes['proxy.actor'] === supervisor)
    .map(({ attributes, raw }) => [attributes['proxy.actor.state'], Number(raw.asInt ?? raw.asDouble)])
  expect(Object.fromEntries(states)).toEqual({ 'supervising.steady': 0, stopped: 1 })
})
