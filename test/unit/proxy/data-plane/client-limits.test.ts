import { describe, expect, test } from 'vitest'
import { ClientCounts, limitClients } from '../../../../src/proxy/data-plane/client-limits.ts'
import type { Admission } from '../../../../src/proxy/exchange/admission.ts'

describe('ClientCounts', () => {
  test('admits each client up to the limit', () => {
    const counts = new ClientCounts(2)
    expect([counts.enter('a'), counts.enter('a'), counts.enter('a'), counts.enter('b')]).toEqual([
      true,
      true,
      false,
      true,
    ])
  })

  test('has no entry for a client without open connections', () => {
    const counts = new ClientCounts(2)
    for (const client of ['a', 'b', 'b']) counts.enter(client)
    for (const client of ['a', 'b', 'b']) counts.leave(client)
    expect(counts.size).toBe(0)
    expect(counts.enter('a')).toBe(true)
  })
})

describe('limitClients', () => {
  /** Records the calls of the worker's own admission, and the refusals. */
  function limited(max: number, isOpen: () => boolean) {
    const heard: string[] = []
    const own: Admission = {
      open() {
        heard.push('open')
        return isOpen()
      },
      identify: () => true,
      close: () => heard.push('close'),
    }
    return { heard, admission: limitClients(own, max, () => heard.push('refused')) }
  }

  test('refuses a client at its limit without asking the worker', () => {
    const { heard, admission } = limited(1, () => true)
    expect([admission.open('192.0.2.7'), admission.open('192.0.2.7')]).toEqual([true, false])
    expect(heard).toEqual(['open', 'refused'])
    admission.close('192.0.2.7')
    expect(admission.open('192.0.2.7')).toBe(true)
  })

  test('does not count a client that the worker refuses', () => {
    let hasRoom = false
    const { admission } = limited(1, () => hasRoom)
    expect(admission.open('192.0.2.7')).toBe(false)
    hasRoom = true
    expect(admission.open('192.0.2.7')).toBe(true)
  })
})
