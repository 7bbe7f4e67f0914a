import { describe, expect, test } from 'vitest'
import { PreparedFields } from '../../../../../src/http/message/prepared.ts'
import { answer } from '../../../../kit/engine/served-request.ts'

const get = ['GET / HTTP/1.1', 'Host: a']
const kept = 'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n'
const length = (bytes: number) => ['Date', 'now', 'Content-Length', String(bytes)]

describe('a head', () => {
  test('leaves with the first bytes of the body, in one write', () => {
    const { response, transport } = answer()
    response.sendHead(200, undefined, length(5))
    expect([transport.writes, response.isHeadSent]).toEqual([[], false])
    response.write('he')
    expect(response.isHeadSent).toBe(true)
    response.end('llo')
    expect(transport.writes).toEqual([
      `HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n${kept}\r\nhe`,
      'llo',
    ])
  })

  test('leaves at once with flush, and only once', () => {
    const { response, transport } = answer()
    response.sendHead(200, 'Fine', length(2))
    response.flush()
    response.flush()
    expect(transport.written).toBe(`HTTP/1.1 200 Fine\r\nDate: now\r\nContent-Length: 2\r\n${kept}\r\n`)
    response.end('ok')
    expect(transport.writes).toHaveLength(2)
  })

  test('may be replaced until it is sent', () => {
    const { response, transport } = answer()
    response.sendHead(200, undefined, length(5))
    response.sendHead(404, undefined, length(2))
    response.end('no')
    response.sendHead(200, undefined, [])
    expect(transport.written).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
    expect(response.status).toBe(404)
  })

  test('gets a Date unless it has one', () => {
    const { response, transport } = answer()
    response.sendHead(200, undefined, ['Content-Length', '0'])
    response.end()
    expect(transport.written).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/)
  })

  test('has the fields that were set, unless a field of its own has their name', () => {
    const { response, transport } = answer()
    response.setField('X-Request-Id', '7')
    response.setField('X-Own', 'set')
    response.sendHead(200, undefined, [...length(0), 'x-own', 'given'])
    response.end()
    expect(transport.written).toContain('\r\nX-Request-Id: 7\r\n')
    expect(transport.written).toContain('\r\nx-own: given\r\n')
    expect(transport.written).not.toContain('X-Own: set')
  })

  test('of prepared fields is the same', () => {
    const fields = length(2)
    const [one, other] = [answer(), answer()]
    one.response.sendHead(200, undefined, fields)
    other.response.sendHead(200, undefined, new PreparedFields(fields))
    one.response.end('ok')
    other.response.end('ok')
    expect(other.transport.writes).toEqual(one.transport.writes)
  })

  test('is made for a response that ends without one', () => {
    const { response, transport } = answer()
    response.end('ok')
    expect(transport.written).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n/)
    expect(transport.written.endsWith('\r\n\r\nok')).toBe(true)
  })
})

describe('the connection is kept', () => {
  const sent = (lines: readonly string[], change: (all: ReturnType<typeof answer>) => void = () => {}) => {
    const all = answer(lines)
    change(all)
    all.response.sendHead(200, undefined, length(0))
    all.response.end()
    const isSaid = all.transport.written.includes('Connection: keep-alive')
    expect(all.transport.written.includes('Connection: close')).toBe(!isSaid)
    expect(all.response.keepsAlive).toBe(isSaid)
    return isSaid
  }

  test.each([
    [get, true],
    [[...get, 'Connection: close'], false],
    [['GET / HTTP/1.0'], false],
    [['GET / HTTP/1.0', 'Connection: keep-alive'], true],
  ])('as the client asks: %j', (lines, isKept) => {
    expect(sent(lines)).toBe(isKept)
  })

  test('unless the server ends it', () => {
    expect(sent(get, ({ response }) => Object.assign(response, { keepsAlive: false }))).toBe(false)
  })

  test('unless this is its last response', () => {
    expect(sent(get, ({ path }) => Object.assign(path, { isLast: true }))).toBe(false)
  })

  test('unless the client still waits for a 100, as it may send its body or not', () => {
    const expecting = ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 5', 'Expect: 100-continue']
    expect(sent(expecting)).toBe(false)
    expect(sent(expecting, ({ response }) => response.inform(100, undefined, []))).toBe(true)
  })

  test('as the Connection field says, if there is one', () => {
    const { response, transport } = answer()
    response.sendHead(200, undefined, [...length(0), 'Connection', 'upgrade'])
    response.end()
    expect(transport.written.match(/^connection:.*$/gim)).toEqual(['Connection: upgrade'])
  })
})

describe('an informational response', () => {
  test('leaves before the final one', () => {
    const { response, transport } = answer()
    response.inform(103, undefined, ['Link', '</a>'])
    response.inform(199, 'Odd', [])
    response.sendHead(200, undefined, length(0))
    response.end()
    expect(transport.writes.slice(0, 2)).toEqual([
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
      'HTTP/1.1 199 Odd\r\n\r\n',
    ])
    expect(transport.written).toContain('HTTP/1.1 200 OK')
  })

  test('is not sent to HTTP/1.0', () => {
    const { response, transport } = answer(['GET / HTTP/1.0'])
    response.inform(103, undefined, [])
    expect(transport.writes).toEqual([])
  })

  test('is not sent after the final head', () => {
    const { response, transport } = answer()
    response.sendHead(200, undefined, length(0))
    response.inform(103, undefined, [])
    expect(transport.writes).toEqual([])
  })
})
