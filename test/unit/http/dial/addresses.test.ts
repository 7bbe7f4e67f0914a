import type { LookupFunction } from 'node:net'
import { expect, test } from 'vitest'
import { BifrostError } from '../../../../src/errors.ts'
import { interleaved, resolve } from '../../../../src/http/dial/addresses.ts'
import type { Gate } from '../../../../src/http/dial/gate.ts'
import { gateWith } from '../../../kit/engine/relayed.ts'

const found = (...addresses: string[]) =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

/** A gate whose resolver finds these addresses. */
const finding = (addresses: readonly string[], closed: Partial<Gate> = {}): Gate =>
  gateWith({
    lookup: ((_host, _options, done) => done(null, found(...addresses))) as LookupFunction,
    ...closed,
  })

function resolved(gate: Gate): unknown {
  let outcome: unknown
  resolve('a.test', 80, gate, (error, addresses) => {
    outcome = error ?? addresses
  })
  return outcome
}

test('families take turns, beginning with the one that the resolver prefers', () => {
  expect(interleaved(found('::1', '::2', '::3', '1.1.1.1', '2.2.2.2'))).toEqual([
    '::1',
    '1.1.1.1',
    '::2',
    '2.2.2.2',
    '::3',
  ])
  expect(interleaved(found('1.1.1.1', '2.2.2.2', '::1'))).toEqual(['1.1.1.1', '::1', '2.2.2.2'])
})

test('refused addresses are left out; if none is left, the first refusal is the error', () => {
  const refuseAddress = (_host: string, _port: number, address: string) =>
    address.startsWith('1') ? new BifrostError('FORBIDDEN_DESTINATION', address) : null
  expect(resolved(finding(['1.1.1.1', '2.2.2.2'], { refuseAddress }))).toEqual(['2.2.2.2'])
  expect(resolved(finding(['1.1.1.1', '1.1.1.2'], { refuseAddress }))).toMatchObject({
    code: 'FORBIDDEN_DESTINATION',
    message: '1.1.1.1',
  })
})

test('a name without an address is unresolved', () => {
  expect(resolved(finding([]))).toMatchObject({ code: 'UPSTREAM_UNRESOLVED' })
})
