import { describe, expect, test } from 'vitest'
import { addressOf, readHash } from '../../../../../src/admin/page/shell/address.ts'

describe('addresses of the page', () => {
  test.each([
    ['charts', ['reverse_proxy#1/reverse'], {}],
    ['history', ['listener:a/0/0'], { seq: '12' }],
    ['overview', [], { filter: '<b>&?=#' }],
  ] as const)('are read back as they were built: %s %s', (view, parts, query) => {
    const read = readHash(addressOf(view, parts, query))
    expect([read.view, read.parts, Object.fromEntries(read.query)]).toEqual([view, parts, query])
  })

  test('are read as far as possible if they are malformed', () => {
    expect(readHash('#/charts/%E0%A4%A')).toMatchObject({ view: 'charts', parts: ['%E0%A4%A'] })
    expect(readHash('')).toMatchObject({ view: '', parts: [] })
  })
})
