import { expect, test } from 'vitest'
import type { ServiceSettings } from '../../../../src/config/settings/settings.ts'
import { type ExplainedRequest, explain } from '../../../../src/proxy/explain/explain.ts'
import { forwardTo, reverseTo, workerOf } from '../../../kit/daemons/data-plane.ts'

const worker = (...services: ServiceSettings[]) =>
  workerOf(services.length > 1 ? 'combined' : (services[0]?.type ?? 'static'), services)

const ask = (request: string, of: ReturnType<typeof worker>, more: Partial<ExplainedRequest> = {}) => {
  const [method = '', url = ''] = request.split(' ')
  return explain({ method, url, host: 'h.test', client: '192.0.2.7', user: null, ...more }, of)
}

test('an invalid field of a trusted proxy refuses the request, and names the setting that trusts it', () => {
  const trust = { proxies: ['10.0.0.0/8'] }
  const of = worker(reverseTo('http://up.test', { trust, access: { deny: ['192.0.2.7'] } }))
  const step = ({ steps }: ReturnType<typeof ask>) =>
    steps.find(({ setting }) => setting === 'workers.reverse_proxy.trusted_proxies')
  const bad = ask('GET /', of, { isMisnamed: true })
  expect(bad.outcome).toMatchObject({ kind: 'reply', code: 'BAD_FORWARDED', status: 400 })
  expect(step(bad)).toMatchObject({ isRefusal: true })
  const good = ask('GET /', of)
  expect(good.outcome.code).toBe('FORBIDDEN_CLIENT')
  expect(step(good)?.text).toContain('X-Forwarded-For')
  expect(step(ask('GET /', worker(reverseTo('http://up.test'))))).toBeUndefined()
})

test('an ambiguous path counts for the rules of every path, and the text reports it', () => {
  const rates = { rules: [{ id: 'login', pathPrefix: '/login' }] }
  const of = worker(reverseTo('http://up.test', { rates }))
  const rate = (request: string) => ask(request, of).steps.find(({ about }) => about === 'rate')?.text
  expect(rate('GET /x/../y')).toMatch(/"login" .*every path/)
  expect(rate('GET /login')).toMatch(/"login"(?!.*every path)/)
  expect(rate('GET /other')).toContain('No rate limit applies')
})

test.each(['CONNECT u:hush@a.test:443', 'GET http://u:hush@a.test/', 'GET /x'])(
  'no step contains the user name and the password of a URL: %s',
  (request) => {
    const told = ask(request, worker(forwardTo(), reverseTo('http://up.test')), { host: 'u:hush@a.test' })
    expect(JSON.stringify(told.steps)).not.toContain('hush')
  },
)
