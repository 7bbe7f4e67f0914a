import { expect, test } from 'vitest'
import { FrameClient, requestOf } from '../../kit/clients/h2-frames.ts'
import { forwardTo, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../kit/origins/origin.ts'

const h2 = { cleartext: 'h2' } as const
type Fields = ReturnType<typeof requestOf>

/**
 * Fields that make a request malformed for nghttp2 or the data plane; it is reset or answered, but not
 * forwarded.
 */
const refused: [string, Fields][] = [
  ['an upper-case name', requestOf({}, ['X-A', 'b'])],
  ['an unknown pseudo-field', requestOf({}, [':foo', 'b'])],
  ['a pseudo-field of a response', requestOf({}, [':status', '200'])],
  ['a pseudo-field behind the others', [...requestOf({ ':path': undefined }, ['x-a', 'b']), [':path', '/']]],
  ['two paths', requestOf({}, [':path', '/x'])],
  ['Connection', requestOf({}, ['connection', 'close'])],
  ['Keep-Alive', requestOf({}, ['keep-alive', 'timeout=5'])],
  ['Proxy-Connection', requestOf({}, ['proxy-connection', 'keep-alive'])],
  ['Transfer-Encoding', requestOf({}, ['transfer-encoding', 'chunked'])],
  ['Upgrade', requestOf({}, ['upgrade', 'websocket'])],
  ['TE with more than trailers', requestOf({}, ['te', 'trailers, gzip'])],
  ['no method', requestOf({ ':method': undefined })],
  ['an empty method', requestOf({ ':method': '' })],
  ['a method with a space', requestOf({ ':method': 'GET /x' })],
  ['a method with a line end', requestOf({ ':method': 'GET\r\n' })],
  ['a method that is not a token', requestOf({ ':method': 'GE(T' })],
  ['no scheme', requestOf({ ':scheme': undefined })],
  ['another scheme', requestOf({ ':scheme': 'ftp' })],
  ['a scheme with a space', requestOf({ ':scheme': 'ht tp' })],
  ['no path', requestOf({ ':path': undefined })],
  ['an empty path', requestOf({ ':path': '' })],
  ['a path without a slash', requestOf({ ':path': 'a' })],
  ['an absolute URL as path', requestOf({ ':path': 'http://other.test/' })],
  ['a path with a space', requestOf({ ':path': '/a b' })],
  ['a path with a line end', requestOf({ ':path': '/ HTTP/1.1\r\nx: y' })],
  ['a path with a tab', requestOf({ ':path': '/a\tb' })],
  ['a path with DEL', requestOf({ ':path': '/a\x7fb' })],
  ['a fragment', requestOf({ ':path': '/a#b' })],
  ['a star for GET', requestOf({ ':path': '*' })],
  ['no authority', requestOf({ ':authority': undefined })],
  ['an empty authority', requestOf({ ':authority': '' })],
  ['an authority with a user', requestOf({ ':authority': 'u@client.test' })],
  ['an authority with a space', requestOf({ ':authority': 'a b' })],
  ['an authority with a line end', requestOf({ ':authority': 'a\r\nx: y' })],
  ['an authority with a path', requestOf({ ':authority': 'a/b' })],
  ['a different Host', requestOf({}, ['host', 'other.test'])],
  ['a Host with another port', requestOf({}, ['host', 'client.test:81'])],
  ['two Hosts', requestOf({}, ['host', 'client.test'], ['host', 'client.test'])],
  ['two lengths', requestOf({}, ['content-length', '0'], ['content-length', '0'])],
  ['a length that is not a number', requestOf({}, ['content-length', '+0'])],
  ['a length and no body', requestOf({}, ['content-length', '5'])],
  ['an extended CONNECT', requestOf({ ':method': 'CONNECT', ':protocol': 'websocket' })],
  ['a CONNECT with a path', requestOf({ ':method': 'CONNECT' })],
  ['an unknown expectation', requestOf({}, ['expect', 'miracles'])],
]

for (const [name, fields] of refused) {
  test(`a request with ${name} is not forwarded, and the connection stays open`, async () => {
    await using origin = await startOrigin()
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
    using client = await FrameClient.connect(proxy.port)
    client.request(1, fields)
    expect(['reset 1', '400', '417']).toContain(await client.outcome(1))
    expect(origin.seen).toHaveLength(0)
    client.request(3, requestOf())
    expect(await client.outcome(3)).toBe('200')
  })
}

/** nghttp2 drops these itself, as if they had not been sent. */
const dropped: [string, string, string][] = [
  ['a line end in a value', 'x-a', 'b\r\nx-injected: c'],
  ['a line feed in a value', 'x-a', 'b\nx-injected: c'],
  ['NUL in a value', 'x-a', 'b\0c'],
  ['a control character in a value', 'x-a', 'b\x01c'],
  ['a carriage return in a value', 'x-a', 'b\rx-injected: c'],
  ['a space before a value', 'x-a', ' b'],
  ['a space behind a value', 'x-a', 'b '],
  ['a tab behind a value', 'x-a', 'b\t'],
  ['DEL in a value', 'x-a', 'b\x7fc'],
  ['NUL in a name', 'x\0a', 'b'],
  ['a line end in a name', 'x-a\r\nx-injected', 'b'],
  ['a byte above ASCII in a name', 'x-\xe9', 'b'],
  ['a colon in a name', 'x-a: b\r\nx-injected', 'c'],
  ['a colon in a short name', 'x:a', 'b'],
  ['a space in a name', 'x a', 'b'],
  ['no name', '', 'b'],
]

for (const [name, field, value] of dropped) {
  test(`a field with ${name} does not reach the upstream`, async () => {
    await using origin = await startOrigin()
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
    using client = await FrameClient.connect(proxy.port)
    client.request(1, requestOf({}, [field, value], ['x-last', 'z']))
    expect(await client.outcome(1)).toBe('200')
    for (const { rawHeaders } of origin.seen) {
      const own = rawHeaders.filter((name, at) => at % 2 === 0 && /^x-(?!forwarded)/i.test(name))
      expect(own).toEqual(['x-last'])
      expect(rawHeaders.join()).not.toContain('injected')
    }
  })
}

test('a Host equal to :authority, or without :authority, is accepted', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({}, ['host', 'CLIENT.test:443']))
  client.request(3, requestOf({ ':authority': undefined }, ['host', 'client.test']))
  expect(await client.outcome(1)).toBe('200')
  expect(await client.outcome(3)).toBe('200')
  for (const seen of origin.seen) expect(seen.all('host')).toHaveLength(1)
})

test('bytes above ASCII are forwarded unchanged', async () => {
  await using origin = await startOrigin((_req, res) => res.setHeader('x-b', 'caf\xe9').end())
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({}, ['x-a', 'caf\xe9']))
  expect(await client.outcome(1)).toBe('200')
  expect(origin.last.get('x-a')).toBe('caf\xe9')
})

test('a forward proxy takes the target from :scheme and :authority', async () => {
  await using origin = await startOrigin((req, res) => res.end(req.url))
  await using proxy = await startEdge(forwardTo(), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({ ':authority': origin.authority, ':path': '/x?y' }))
  expect(await client.outcome(1)).toBe('200')
  expect(origin.last.url).toBe('/x?y')
  expect(origin.last.all('host')).toEqual([origin.authority])
})
