/** What llhttp accepts and we refuse or read differently, each with its RFC section and a predicate that recognises it. */
import { isIPv6 } from 'node:net'
import { bounds } from './ours.ts'
import type { Kind, Message } from './reading.ts'

export interface Refusal {
  /** From the first byte of the message on. */
  readonly text: string
  readonly kind: Kind
  readonly mine: Message
  /** As llhttp has read it; without fields if it has not read the whole head. */
  readonly other: Message
}

interface Rule {
  readonly name: string
  readonly applies: (refusal: Refusal) => boolean
}

const valuesOf = ({ fields }: Message, lower: string): readonly string[] =>
  fields.filter((_, at) => at % 2 === 1 && (fields[at - 1] as string).toLowerCase() === lower)

const hasLongLength = ({ other }: Refusal) =>
  valuesOf(other, 'content-length').some((value) => /^\d{16,}$/.test(value))

const chunkFault = 'a chunk that is not valid'

const chunkRules: readonly Rule[] = [
  {
    name: 'RFC 9112 7.1.1: a chunk extension outside of the grammar',
    applies: ({ mine, text }) => mine.fault === chunkFault && anyChunk(text, isBadExtension),
  },
  {
    name: 'RFC 9110 6.5.1: a trailer that frames messages',
    applies: ({ mine, other }) =>
      mine.fault === chunkFault &&
      other.trailers.some((name, at) => at % 2 === 0 && /^(?:content-length|transfer-encoding)$/i.test(name)),
  },
  {
    name: 'RFC 9112 7.1: a chunk size of more than 12 digits',
    applies: ({ mine, text }) =>
      mine.fault === chunkFault && anyChunk(text, (line) => /^[0-9a-f]{13}/i.test(line)),
  },
]

const requestRules: readonly Rule[] = [
  {
    name: 'RFC 9112 2.2: a bare CR or LF before a request',
    applies: ({ text }) => /^(?:\r\n)*(?:\n|\r(?!\n))/.test(text),
  },
  {
    name: 'RFC 9112 2.2: a bare LF in the request line',
    applies: ({ text }) => /^(?:\r\n)*[^\r\n]+\n/.test(text),
  },
  {
    name: 'RFC 9112 3: more than one space in the request line',
    applies: ({ text }) => /^(?:\r\n)*[^ \r\n]+ (?: |[^ \r\n]+ {2})/.test(text),
  },
  {
    name: 'RFC 9112 2.3: RTSP or ICE',
    applies: ({ text }) => /^(?:\r\n)*[^ \r\n]+ [^ \r\n]+ [RI]/.test(text),
  },
  {
    name: 'RFC 9112 2.3: HTTP/0.9, which has no version',
    applies: ({ text }) => /^(?:\r\n)*[^ \r\n]+ [^ \r\n]+\r(?:\n|$)/.test(text),
  },
  {
    name: 'RFC 9112 3: a line end before the target of CONNECT',
    applies: ({ text }) => /^(?:\r\n)*CONNECT [\r\n]/.test(text),
  },
  {
    name: 'RFC 9113 3.4: PRI, which llhttp takes for the preface of HTTP/2',
    applies: ({ text, other }) => other.phase === 'head' && /^(?:\r\n)*PRI /.test(text),
  },
  {
    name: 'RFC 9110 15.6.6: HTTP/0.9 or HTTP/2.0',
    applies: ({ mine, text }) =>
      mine.fault === 'VERSION_NOT_SUPPORTED' &&
      /^(?:\r\n)*[^ \r\n]+ [^ \r\n]+ HTTP\/(?:0\.9|2\.0)\r\n/.test(text),
  },
  {
    name: 'RFC 9112 3.2: not exactly one Host',
    applies: ({ mine, other }) => {
      const hosts = valuesOf(other, 'host').length
      return hosts > 1
        ? mine.fault === 'BAD_AUTHORITY'
        : hosts === 0 && other.version === 11 && mine.fault === 'BAD_REQUEST'
    },
  },
  {
    name: 'RFC 9110 7.2: an invalid Host',
    applies: ({ mine, other }) => {
      const [host = 'a'] = valuesOf(other, 'host')
      return mine.fault === 'BAD_AUTHORITY' && !isPlainHost(host)
    },
  },
  {
    name: 'RFC 9112 6.1: a transfer coding in HTTP/1.0',
    applies: ({ mine, other }) =>
      mine.fault === 'BAD_REQUEST' && other.version === 10 && valuesOf(other, 'transfer-encoding').length > 0,
  },
  {
    name: 'RFC 9112 6.1: a transfer coding other than chunked',
    applies: ({ mine, other }) =>
      mine.fault === 'NOT_IMPLEMENTED' &&
      valuesOf(other, 'transfer-encoding').join().toLowerCase() !== 'chunked',
  },
  {
    name: 'RFC 9112 6.3: chunked is not the last transfer coding',
    applies: ({ mine, other }) =>
      mine.fault === 'BAD_REQUEST' &&
      other.version === 11 &&
      valuesOf(other, 'content-length').length === 0 &&
      valuesOf(other, 'transfer-encoding').length > 0 &&
      !/(?:^|,)[ \t]*chunked[ \t]*$/i.test(valuesOf(other, 'transfer-encoding').join()),
  },
  {
    name: 'RFC 9110 10.1.1: an unknown expectation',
    applies: ({ mine, other }) =>
      mine.fault === 'EXPECTATION_FAILED' &&
      valuesOf(other, 'expect').join().toLowerCase() !== '100-continue',
  },
  {
    name: 'RFC 9110 8.6: a length of more than 15 digits',
    applies: (refusal) => refusal.mine.fault === 'BAD_REQUEST' && hasLongLength(refusal),
  },
  {
    name: 'RFC 6585 5: more bytes or fields than the bounds allow',
    applies: ({ mine, other, text }) =>
      mine.fault === 'HEAD_TOO_LARGE' &&
      (other.fields.length / 2 > bounds.maxFields || headBytes(text) > bounds.maxHeadBytes),
  },
  {
    name: 'RFC 9110 15.5.15: a target that is too long',
    applies: ({ mine, text }) =>
      mine.fault === 'TARGET_TOO_LONG' && new RegExp(`^[^ ]+ [^ ]{${bounds.maxTargetBytes + 1}}`).test(text),
  },
  ...chunkRules,
]

const plainHost = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?|\[([0-9a-f:.]+)\])(?::(\d*))?$/i
/** Some read such a name as an IPv4 address. */
const numericHost = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?(?::\d*)?$/i

function isPlainHost(host: string): boolean {
  const [, address, port = ''] = plainHost.exec(host) ?? []
  const isPort = port === '' || (Number(port) > 0 && Number(port) < 65_536)
  const isAddress = address === undefined || isIPv6(address)
  return plainHost.test(host) && isPort && isAddress && !numericHost.test(host)
}

/** Of a head without end: all of the bytes, and one that is missing. */
function headBytes(text: string): number {
  const begin = text.search(/[^\r\n]/)
  const end = begin === -1 ? -1 : text.indexOf('\r\n\r\n', begin)
  return end === -1 ? text.length + 1 : end + 4
}

const responseRules: readonly Rule[] = [
  {
    name: 'RFC 9112 2.2: an empty line before a response',
    applies: ({ text }) => /^[\r\n]/.test(text),
  },
  {
    name: 'RFC 9112 2.3: another protocol or version',
    applies: ({ mine, text }) => mine.fault === 'no HTTP/1 response' && /^(?:HTTP\/[02-9]|[RI])/.test(text),
  },
  {
    name: 'RFC 9110 15: a status below 100',
    applies: ({ text }) => /^HTTP\/1\.[01] 0/.test(text),
  },
  {
    name: 'RFC 9112 4: a control character in the reason phrase',
    applies: ({ text }) => /^HTTP\/1\.[01] \d{3} [^\r\n]*[^\t\x20-\x7e\x80-\xff\r\n]/.test(text),
  },
  {
    name: 'RFC 9110 8.6: a length of more than 15 digits',
    applies: hasLongLength,
  },
  {
    name: 'RFC 9112 6.1: a transfer coding other than chunked',
    applies: ({ other }) => {
      const codings = valuesOf(other, 'transfer-encoding')
      return codings.length > 0 && codings.join().toLowerCase() !== 'chunked'
    },
  },
  ...chunkRules,
]

/** Returns the name of the rule that explains why we refuse a message that llhttp accepts, or null. */
export function refusalRuleOf(refusal: Refusal): string | null {
  const rules = refusal.kind === 'request' ? requestRules : responseRules
  return rules.find(({ applies }) => applies(refusal))?.name ?? null
}

/** Returns the name of the rule that explains why we read a message differently, or null. */
export function readingRuleOf(what: string, mine: Message, kind: Kind): string | null {
  if (what !== 'keep-alive' && what !== 'upgrade') return null
  if (valuesOf(mine, 'proxy-connection').length > 0) return 'RFC 9112 C.2.2: Proxy-Connection is ignored'
  if (what === 'upgrade') return null
  const options = valuesOf(mine, 'connection').join().toLowerCase()
  if (mine.version === 10 && options.includes('close') && options.includes('keep-alive')) {
    return 'RFC 9112 9.3: close overrides keep-alive'
  }
  if (kind === 'HEAD' && valuesOf(mine, 'content-length').length === 0) {
    return 'RFC 9112 6.3: a response to HEAD needs no length'
  }
  if (mine.version === 10 && kind !== 'request' && valuesOf(mine, 'transfer-encoding').length > 0) {
    return 'RFC 9112 6.1: a transfer coding in HTTP/1.0 ends the connection'
  }
  return null
}

/** RFC 9112 7.1.1, of which the parser has a version of its own. */
const extensions =
  /^(?:[ \t]*;[ \t]*[!#$%&'*+\-.^_`|~\w]+(?:[ \t]*=[ \t]*(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/

const isBadExtension = (line: string): boolean => !extensions.test(line.replace(/^[0-9a-f]+/i, ''))

/** Whether one of the lines with a chunk's size, after the head in `text`, passes the test. */
function anyChunk(text: string, isIt: (line: string) => boolean): boolean {
  for (let at = text.indexOf('\r\n\r\n') + 4; at < text.length; ) {
    const end = text.indexOf('\r\n', at)
    const line = end === -1 ? text.slice(at) : text.slice(at, end)
    if (isIt(line)) return true
    const size = Number.parseInt(line, 16)
    if (end === -1 || !(size > 0)) return false
    at = end + 4 + size
  }
  return false
}
