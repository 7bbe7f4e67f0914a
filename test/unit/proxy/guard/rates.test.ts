import { describe, expect, test } from 'vitest'
import type { RateRule } from '../../../../src/config/settings/settings.ts'
import { type RateSubject, Rates } from '../../../../src/proxy/guard/rates.ts'

const rule = (given: Partial<RateRule> = {}): RateRule => ({
  id: 'default',
  quota: 2,
  limit: 2,
  windowMs: 10_000,
  burst: 2,
  pathPrefix: null,
  methods: null,
  key: 'client',
  header: null,
  ...given,
})

const rates = (rules: readonly Partial<RateRule>[], announces = false) =>
  new Rates({ rules: rules.map(rule), maxKeys: 100, announces })

const subject = (given: Partial<RateSubject> = {}): RateSubject => ({
  client: '192.0.2.1',
  user: null,
  method: 'GET',
  path: '/',
  ...given,
})

/** How many of ten simultaneous requests are granted. */
const grants = (of: Rates, given: Partial<RateSubject> = {}, fields: readonly string[] = [], now = 0) =>
  Array.from({ length: 10 }, () => of.ask(subject(given), fields, now)).filter(({ isGranted }) => isGranted)
    .length

describe('keys', () => {
  test.each([
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['2001:db8::1', '2001:db8::ffff:1', true],
    ['2001:db8::1', '2001:DB8:0:0:1::1', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
  ])('%s and %s share a bucket: %s', (one, other, isShared) => {
    const of = rates([{}])
    expect(grants(of, { client: one })).toBe(2)
    expect(grants(of, { client: other })).toBe(isShared ? 0 : 2)
  })

  test('requests count by user from any address, and by client without a user', () => {
    const of = rates([{ key: 'user' }])
    expect(grants(of, { user: 'alice' })).toBe(2)
    expect(grants(of, { user: 'alice', client: '192.0.2.9' })).toBe(0)
    expect(grants(of, { user: 'bob' })).toBe(2)
    expect(grants(of)).toBe(2)
    expect(grants(of, { client: '192.0.2.9' })).toBe(2)
  })

  test('requests count by a field of any length, and by client without it', () => {
    const of = rates([{ key: 'header', header: 'x-api-key' }])
    const long = 'k'.repeat(10_000)
    expect(grants(of, {}, ['X-Api-Key', long])).toBe(2)
    expect(grants(of, {}, ['X-Api-Key', long])).toBe(0)
    expect(grants(of, {}, ['X-Api-Key', `${long}2`])).toBe(2)
    expect(grants(of)).toBe(2)
    expect(grants(of)).toBe(0)
  })

  test('a user, a field and a client of the same name have separate buckets', () => {
    const of = rates([{ key: 'user' }])
    expect(grants(of, { user: 'x' })).toBe(2)
    expect(grants(of, { client: 'x' })).toBe(2)
  })
})

describe('rules', () => {
  test.each([
    ['/api', true],
    ['/api/x?y', true],
    ['/api?x', true],
    ['//api', true],
    ['/%61pi/x', true],
    ['/x/../api', true],
    ['/apix', false],
    ['/x/api', false],
    [null, false],
  ])('a rule for /api applies to %j: %s', (path, applies) => {
    expect(grants(rates([{ pathPrefix: '/api' }]), { path })).toBe(applies ? 2 : 10)
  })

  test('a rule for a method also counts it in lower case, which some servers accept', () => {
    const of = rates([{ methods: ['POST'] }])
    expect(grants(of, { method: 'post' })).toBe(2)
    expect(grants(of, { method: 'Post' })).toBe(0)
    expect(grants(of, { method: 'POST' })).toBe(0)
  })

  test('a rule applies to its methods only', () => {
    const of = rates([{ methods: ['POST', 'CONNECT'] }])
    expect(grants(of)).toBe(10)
    expect(grants(of, { method: 'POST' })).toBe(2)
    expect(grants(of, { method: 'CONNECT', path: null })).toBe(0)
  })

  test('a request takes a token from every matching rule, or no token if one rule is used up', () => {
    const of = rates([
      { limit: 5, burst: 5 },
      { id: 'post', methods: ['POST'] },
    ])
    expect(grants(of, { method: 'POST' })).toBe(2)
    // The eight refused posts took no token from the other rule.
    expect(grants(of)).toBe(3)
  })
})

describe('response fields', () => {
  const fields = ({ fields }: { fields: readonly string[] }) =>
    Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : [])))

  test('a refusal has Retry-After, rounded up, and the limits', () => {
    const of = rates([{}, { id: 'slow', quota: 1, limit: 1, burst: 1, windowMs: 60_500 }])
    of.ask(subject(), [], 0)
    expect(fields(of.ask(subject(), [], 100))).toEqual({
      'Retry-After': '61',
      'RateLimit-Policy': '"default";q=2;w=10, "slow";q=1;w=61',
      RateLimit: '"default";r=1;t=5, "slow";r=0;t=61',
    })
  })

  test('a client that retries after Retry-After is served', () => {
    const of = rates([{ windowMs: 7_777 }])
    grants(of)
    const wait = Number(fields(of.ask(subject(), [], 1))['Retry-After'])
    expect(of.ask(subject(), [], 1 + wait * 1000).isGranted).toBe(true)
  })

  test('a response shows the remaining tokens only if configured', () => {
    expect(rates([{}]).ask(subject(), [], 0).fields).toEqual([])
    expect(fields(rates([{}], true).ask(subject(), [], 0))).toEqual({
      'RateLimit-Policy': '"default";q=2;w=10',
      RateLimit: '"default";r=1;t=5',
    })
  })
})
