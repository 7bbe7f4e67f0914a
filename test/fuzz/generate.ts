import type { Random } from './random.ts'

/**
 * Requests that are nearly valid: built from parts that readers of HTTP/1.1 interpret differently, then
 * damaged a little. Text is
 * latin1, one character a byte.
 */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'get', 'BREW', 'PRI']
const versions = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/1.2',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/11',
]
const paths = [
  '/',
  '/a',
  '/a?b=c',
  '/%2e%2e/x',
  '//x',
  '/a#b',
  '*',
  '/a b',
  '/\xff',
  '',
  'a',
  '/%00',
  '/..\\x',
]
const lineEnds = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\n\r']
const spaces = [' ', ' ', ' ', ' ', ' ', '  ', '\t', '\x0b', '\x0c', '']
const hosts = [
  '{host}',
  '{host}',
  '{host}',
  '{host}',
  'a@{host}',
  '{host}, b',
  '',
  'a/b',
  '[::1',
  '{host}\t',
  '\x00',
]
const lengths = ['0', '3', '5', '44', '4294967296', '-1', '+3', '3, 3', '0x3', '3 3', '', '00003', '3;a']
const codings = [
  'chunked',
  'chunked',
  'Chunked',
  'chunked, chunked',
  'gzip, chunked',
  'identity',
  'xchunked',
  'chunked;a',
  '"chunked"',
  '\x0bchunked',
  '',
]
const lengthNames = [
  'Content-Length',
  'content-length',
  'Content-Length ',
  'Content_Length',
  'Content-Length\x00',
  ' Content-Length',
]
const codingNames = [
  'Transfer-Encoding',
  'transfer-encoding',
  'Transfer-Encoding ',
  'Transfer_Encoding',
  'TE',
  '\tTransfer-Encoding',
]
const sizes = ['3', '03', '3;a=b', '3 ', ' 3', '0x3', '-3', 'g', '', 'ffffffffffffffff', '3\n']
const others = [
  'Connection: close',
  'Connection: Content-Length',
  'Connection: Host, Transfer-Encoding',
  'Expect: 100-continue',
  'Expect: x',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Via: 1.1 x',
  'X-Forwarded-For: 1.2.3.4',
  'X: y\r\n z',
  'X',
  ': x',
  'X-A: \x00',
  'X-A: \xff',
  'Range: bytes=0-1',
  'Max-Forwards: 0',
  'Cookie: a=b',
  'Content-Type: text/plain',
]
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n'

export function generate(random: Random, isForward: boolean): string {
  let bytes = ''
  const requests = random.chance(0.2) ? 2 : 1
  for (let n = 0; n < requests; n++) bytes += request(random, isForward)
  return random.chance(0.5) ? bytes : mutate(random, bytes)
}

function request(random: Random, isForward: boolean): string {
  const path = random.pick(paths)
  const method = random.pick(methods)
  const target =
    method === 'CONNECT' ? '{host}' : isForward && random.chance(0.8) ? `http://{host}${path}` : path
  const eol = () => (random.chance(0.95) ? '\r\n' : random.pick(lineEnds))
  const gap = () => (random.chance(0.95) ? ' ' : random.pick(spaces))
  let text = `${method}${gap()}${target}${gap()}${random.pick(versions)}${eol()}`
  if (random.chance(0.95)) text += `Host:${gap()}${random.pick(hosts)}${eol()}`
  const body = random.chance(0.5) ? 'abc' : random.chance(0.5) ? smuggled : ''
  const framing = random.below(6)
  if (framing <= 1)
    text += `Content-Length:${gap()}${random.chance(0.7) ? body.replaceAll('{host}', '{host}').length : random.pick(lengths)}${eol()}`
  if (framing === 1 || framing === 2)
    text += `${random.pick(codingNames)}:${gap()}${random.pick(codings)}${eol()}`
  if (framing === 3) text += `${random.pick(lengthNames)}:${gap()}${random.pick(lengths)}${eol()}`
  for (let n = random.below(3); n > 0; n--) text += `${random.pick(others)}${eol()}`
  text += eol()
  if (framing === 1 || framing === 2) return text + chunks(random, body)
  return text + body
}

function chunks(random: Random, body: string): string {
  const size = random.chance(0.7) ? body.length.toString(16) : random.pick(sizes)
  const end = random.chance(0.8) ? '\r\n' : random.pick(lineEnds)
  const trailer = random.chance(0.8) ? '' : `${random.pick(others)}\r\n`
  return body === '' ? `0\r\n${trailer}\r\n` : `${size}${end}${body}\r\n0\r\n${trailer}\r\n`
}

const marks = ['\r', '\n', '\0', ' ', '\t', ':', '\xff', ',', ';', '\r\n', '\r\n\r\n', '0', '{', '/']

/** Removes, inserts, doubles or exchanges one to three bytes. */
function mutate(random: Random, bytes: string): string {
  let text = bytes
  for (let n = 1 + random.below(3); n > 0; n--) {
    const at = random.below(text.length + 1)
    const length = 1 + random.below(4)
    switch (random.below(4)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length)
        break
      case 1:
        text = text.slice(0, at) + random.pick(marks) + text.slice(at)
        break
      case 2:
        text = text.slice(0, at) + text.slice(at, at + length) + text.slice(at)
        break
      default:
        text = text.slice(0, at) + random.pick(marks) + text.slice(at + 1)
    }
  }
  return text
}
