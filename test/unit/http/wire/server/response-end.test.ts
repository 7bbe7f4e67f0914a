import { describe, expect, test } from 'vitest'
import type { HttpResponse } from '../../../../../src/http/message/message.ts'
import { answer } from '../../../../kit/engine/served-request.ts'

const length = (bytes: number) => ['Date', 'now', 'Content-Length', String(bytes)]

describe('a response', () => {
  test('is complete when all has left', () => {
    const { response, transport, path, ends } = answer()
    response.sendHead(200, undefined, length(2))
    transport.pendingBytes = 9
    response.end('ok')
    expect([response.isComplete, path.calls, ends]).toEqual([false, [], []])
    transport.pendingBytes = 0
    response.drained()
    expect([response.isComplete, path.calls, ends]).toEqual([true, ['over'], ['complete']])
  })

  test('of which everything leaves at once is complete at its end', () => {
    const { response, path, ends } = answer()
    response.sendHead(200, undefined, length(2))
    response.end('ok')
    response.end('ok')
    expect([response.isComplete, path.calls, ends]).toEqual([true, ['over'], ['complete']])
  })

  test('is incomplete if its client is gone when the last bytes are written', () => {
    const { response, transport, ends } = answer()
    response.sendHead(200, undefined, length(2))
    transport.write = () => {
      transport.isClosed = true
      return false
    }
    response.end('ok')
    response.left(true)
    expect(ends).toEqual(['incomplete'])
  })

  test('tells its source when a client that was behind has caught up', () => {
    const { response, transport } = answer()
    let drains = 0
    response.source = { drained: () => (drains += 1) }
    response.sendHead(200, undefined, length(9))
    expect(response.write('abc')).toBe(true)
    response.drained()
    expect(drains).toBe(0)
    transport.isFull = true
    expect(response.write('def')).toBe(false)
    response.drained()
    response.drained()
    expect(drains).toBe(1)
  })

  test('whose client leaves is closed and incomplete', () => {
    const { response, ends, transport } = answer()
    response.sendHead(200, undefined, length(2))
    response.left(true)
    response.end('ok')
    expect([response.isClosed, response.isComplete, ends, transport.writes]).toEqual([
      true,
      false,
      ['incomplete'],
      [],
    ])
  })

  test('whose connection gets another owner reports nothing', () => {
    const { response, ends } = answer()
    response.left(false)
    expect([response.isClosed, ends]).toEqual([true, []])
  })

  test('that is aborted breaks its connection off once', () => {
    const { response, transport } = answer()
    response.abort()
    response.abort()
    expect([transport.resets, response.isClosed, response.isComplete]).toEqual([1, true, false])
  })
})

describe('the callback of a piece runs once', () => {
  const start = (fields = length(5)) => {
    const all = answer()
    const done: string[] = []
    all.response.sendHead(200, undefined, fields)
    return { ...all, done }
  }

  test('at once, if the piece leaves at once', () => {
    const { response, done } = start()
    response.write('he', () => done.push('write'))
    response.end('llo', () => done.push('end'))
    expect(done).toEqual(['write', 'end'])
  })

  test('when pending bytes have left', () => {
    const { response, done, transport } = start()
    transport.pendingBytes = 9
    response.write('he', () => done.push('write'))
    response.end('llo', () => done.push('end'))
    expect(done).toEqual([])
    transport.pendingBytes = 0
    response.drained()
    expect(done).toEqual(['write', 'end'])
  })

  test('when the client leaves', () => {
    const { response, done, transport } = start()
    transport.pendingBytes = 9
    response.write('he', () => done.push('write'))
    response.left(true)
    expect(done).toEqual(['write'])
  })

  test.each([
    ['a response that is over', (to: HttpResponse) => to.end('hello')],
    ['a response that was aborted', (to: HttpResponse) => to.abort()],
  ])('if it comes after %s', (_, before) => {
    const { response, done } = start()
    before(response)
    response.write('x', () => done.push('write'))
    response.end('x', () => done.push('end'))
    expect(done).toEqual(['write', 'end'])
  })

  test('if the piece breaks the length', () => {
    const { response, done } = start()
    response.write('hello!', () => done.push('write'))
    expect(done).toEqual(['write'])
  })

  test.each(['hell', 'hello!'])('if the response ends with %j instead of five bytes', (last) => {
    const { response, done } = start()
    response.end(last, () => done.push('end'))
    expect(done).toEqual(['end'])
  })
})
