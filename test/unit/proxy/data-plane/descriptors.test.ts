import { describe, expect, test } from 'vitest'
import type { Transport } from '../../../../src/http/transport/transport.ts'
import { DescriptorGuard, type DescriptorReserve } from '../../../../src/proxy/data-plane/descriptors.ts'
import { createCounterBlock, readCounters } from '../../../../src/telemetry/metrics/counters.ts'

/** The parts of an accepted connection that the guard uses. */
function acceptedWith(fd: number | undefined) {
  return { _handle: { fd }, write: () => true, end: () => {}, close: () => {} } as unknown as Transport
}

function guard(bounds: DescriptorReserve | null) {
  const block = createCounterBlock()
  const told: unknown[] = []
  const refused: unknown[] = []
  let spared = 0
  const edge = {
    open: 0,
    dropIdle: () => {
      spared += 1
    },
    refused: (...told: unknown[]) => refused.push(told),
  }
  const made = new DescriptorGuard(edge, bounds, { block, log: (...line) => told.push(line) })
  const admits = (fd: number | undefined, open: number, isPlain = true) => {
    edge.open = open
    return made.admits(acceptedWith(fd), '192.0.2.7', isPlain)
  }
  return { admits, told, block, refused, spared: () => spared }
}

describe('DescriptorGuard', () => {
  const bounds = { scarceFrom: 100, share: 5 }

  test.each([
    ['descriptors are not scarce', 99, 50, true],
    ['they are, and the instance has its share', 100, 5, false],
    ['they are, and it has less than its share', 100, 4, true],
    ['a socket has no descriptor number', undefined, 50, true],
  ])('when %s', (_, fd, open, isAdmitted) => {
    expect(guard(bounds).admits(fd, open)).toBe(isAdmitted)
  })

  test('admits everything if the kernel reports no limit', () => {
    expect(guard(null).admits(1_000_000, 1_000_000)).toBe(true)
  })

  test('counts each refusal; logs the first one and drops idle upstream connections', () => {
    const { admits, told, block, spared } = guard(bounds)
    for (let n = 0; n < 3; n++) admits(100, 7)
    expect(readCounters(block)).toMatchObject({
      connectionsTotal: 3,
      connectionsRefused: 3,
      connectionsActive: 0,
    })
    expect(told).toEqual([['warn', expect.stringContaining('descriptors are scarce'), { open: 7 }]])
    expect(spared()).toBe(1)
  })
})
