/** Makes messages that are nearly valid HTTP/1.1, as latin1 text: from the grammar, and then damaged. */
import type { Random } from '../random.ts'
import { damage } from './damage.ts'
import {
  badExtensions,
  badReasons,
  badStatuses,
  badTrailers,
  badValues,
  codings,
  extensions,
  gaps,
  hosts,
  lengths,
  lineEnds,
  methods,
  names,
  oddNames,
  reasons,
  sizes,
  statuses,
  targets,
  trailers,
  values,
  versions,
} from './words.ts'

/** Adds a message or more to `text`; about half of the texts are damaged. */
export function generateRequests(random: Random): string {
  let text = ''
  for (let n = random.chance(0.25) ? 2 + random.below(2) : 1; n > 0; n -= 1) text += request(random)
  return random.chance(0.6) ? text : damage(random, text)
}

export function generateResponses(random: Random): string {
  let text = ''
  while (random.chance(0.15)) text += response(random, random.chance(0.9))
  text += response(random, false)
  if (random.chance(0.1)) text += 'HTTP/1.1 200 OK\r\n\r\n'
  return random.chance(0.6) ? text : damage(random, text)
}

/** The usual choice first; any other one rarely. */
const seldom = (random: Random, usual: string, others: readonly string[], share = 0.03): string =>
  random.chance(share) ? random.pick(others) : usual

function request(random: Random): string {
  const method = random.chance(0.6) ? 'POST' : random.pick(methods)
  const target = random.chance(0.6) ? (method === 'CONNECT' ? 'a:1' : '/') : random.pick(targets)
  const long = random.chance(0.003) ? 'x'.repeat(900 + random.below(4_000)) : ''
  const version = versionOf(random)
  const empty = random.chance(0.04)
    ? seldom(random, '\r\n', ['\n', '\r', '\r\n\r\n', ' \r\n', '\r\r\n'], 0.5)
    : ''
  const line = `${empty}${method}${seldom(random, ' ', gaps)}${target}${long}${seldom(random, ' ', gaps)}${version}`
  const host = random.chance(0.97) ? `Host: ${seldom(random, 'a', hosts)}${eol(random)}` : ''
  return line + eol(random) + host + rest(random)
}

function response(random: Random, isInformational: boolean): string {
  const version = versionOf(random)
  const status = isInformational
    ? random.pick(['100', '103', '102'])
    : seldom(random, random.pick(statuses), badStatuses)
  const empty = random.chance(0.02) ? '\r\n' : ''
  const line = `${empty}${version}${seldom(random, ' ', gaps)}${status}${seldom(random, random.pick(reasons), badReasons)}${eol(random)}`
  return isInformational ? `${line}Link: x${eol(random)}${eol(random)}` : line + rest(random)
}

const versionOf = (random: Random): string =>
  seldom(random, random.chance(0.85) ? 'HTTP/1.1' : 'HTTP/1.0', versions)

const eol = (random: Random): string => (random.chance(0.995) ? '\r\n' : random.pick(lineEnds))

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

/** Fields and body. */
function rest(random: Random): string {
  let text = ''
  for (let n = random.below(4); n > 0; n -= 1) text += field(random)
  if (random.chance(0.003)) text += 'X-Many: 1\r\n'.repeat(30 + random.below(20))
  if (random.chance(0.003)) text += `X-Long: ${'x'.repeat(3_000 + random.below(2_000))}\r\n`
  const framing = random.below(12)
  const body = random.chance(0.3) ? smuggled : random.chance(0.1) ? 'abcdefghij' : 'abc'
  let isChunked = framing >= 3 && framing <= 5
  if (framing === 0) text += `Content-Length:${blank(random)}${body.length}${eol(random)}`
  else if (framing === 1) text += `Content-Length:${blank(random)}${random.pick(lengths)}${eol(random)}`
  else if (framing === 2) {
    text += `Content-Length: ${random.pick(lengths)}\r\nTransfer-Encoding: ${random.pick(codings)}\r\n`
    isChunked = random.chance(0.5)
  } else if (isChunked) {
    text += `Transfer-Encoding:${blank(random)}${seldom(random, 'chunked', codings, 0.15)}${eol(random)}`
  }
  if (random.chance(0.2)) text += field(random)
  text += eol(random)
  if (isChunked) return text + chunks(random, body)
  return framing < 2 ? text + body : text
}

function field(random: Random): string {
  const name = seldom(random, random.pick(names), oddNames, 0.1)
  const value = seldom(random, random.pick(values), badValues)
  return `${name}${seldom(random, ':', [' :', '\t:', '', '::'], 0.02)}${blank(random)}${value}${eol(random)}`
}

const blank = (random: Random): string => seldom(random, ' ', ['', '  ', '\t', ' \t ', '\x0b', '\xa0'], 0.05)

const extension = (random: Random): string => seldom(random, random.pick(extensions), badExtensions)

function chunks(random: Random, body: string): string {
  let text = ''
  for (let n = random.below(3); n >= 0; n -= 1) {
    const digits = body.length.toString(16)
    const size = seldom(random, random.chance(0.3) ? digits.toUpperCase() : digits, sizes)
    text += `${size}${extension(random)}${eol(random)}${body}${eol(random)}`
  }
  text += `${seldom(random, '0', ['000', '0x0', '00000000000000000', '0 '])}${extension(random)}${eol(random)}`
  while (random.chance(0.25))
    text += `${seldom(random, random.pick(trailers), badTrailers, 0.1)}${eol(random)}`
  return text + eol(random)
}
