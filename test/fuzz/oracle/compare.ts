/** Compares our reading of some bytes with llhttp's. */
import { readWithLlhttp } from './llhttp.ts'
import { readWithOurs } from './ours.ts'
import {
  detached,
  type Edit,
  edited,
  informational,
  type Plainer,
  plainer,
  preface,
  trimmed,
} from './plain.ts'
import { isLast, type Kind, type Message, newMessage, sameList } from './reading.ts'
import { readingRuleOf, refusalRuleOf } from './rules.ts'

export interface Result {
  /** What differs without a rule that allows it; null if nothing does. */
  readonly difference: string | null
  /** Names of the rules that were needed. */
  readonly rules: readonly string[]
}

/** Used where a parser has no further message. */
const pending = newMessage(-1)

/** `ours` is our reading of the bytes. */
export function compare(bytes: Buffer, kind: Kind, ours = readWithOurs(bytes, kind)): Result {
  const text = bytes.toString('latin1')
  const edits: Edit[] = []
  const rules: string[] = []
  const differs = (at: number, what: string): Result => ({ difference: `message ${at}: ${what}`, rules })
  let theirs = readWithLlhttp(bytes, kind)
  const makePlain = (at: number, { rule, edit }: Plainer): void => {
    rules.push(rule)
    edits[at] = edit
    theirs = readWithLlhttp(Buffer.from(edited(text, ours, edits), 'latin1'), kind)
  }
  for (let at = 0; ; ) {
    const mine = ours[at] ?? pending
    const first = trimmed(mine, text, edits[at]) ?? informational(mine, edits[at]) ?? preface(mine, edits[at])
    if (first !== null) {
      makePlain(at, first)
      continue
    }
    const other = theirs[at] ?? pending
    if (mine.phase === 'refused') {
      if (other.phase === 'refused') break
      const rule = refusalRuleOf({ text: textFrom(text, ours, at, kind), kind, mine, other })
      if (rule === null) return differs(at, `we refuse it (${mine.fault}), llhttp: ${other.phase}`)
      rules.push(rule)
      break
    }
    if (other.phase === 'refused') {
      // A head or chunk that we still wait for is not accepted: it may be refused later.
      const edit = mine.phase === 'head' ? null : plainer(mine, other, edits[at], text.slice(mine.bodyAt))
      if (edit === null) {
        if (isWaiting(mine, other)) break
        return differs(at, `we accept it (${mine.phase}), llhttp refuses it (${other.fault})`)
      }
      makePlain(at, edit)
      continue
    }
    if (mine.phase === 'head' && other.phase === 'head') break
    if (mine.phase !== other.phase) return differs(at, `we: ${mine.phase}, llhttp: ${other.phase}`)
    const what = differenceOf(mine, other, edits[at], edits.length === 0)
    if (what !== null) {
      const rule = readingRuleOf(what, mine, kind)
      if (rule === null) return differs(at, `${what} differs`)
      rules.push(rule)
      // From here on the two read different connections.
      break
    }
    if (mine.phase === 'body' || isLast(mine, kind)) break
    const rest = detached(mine, edits[at])
    if (rest !== null) makePlain(at, rest)
    at += 1
  }
  return { difference: null, rules }
}

/** We wait for the rest of a head or of a chunked body, in which llhttp has found a fault; we may not have seen it yet. */
const isWaiting = (mine: Message, other: Message): boolean =>
  mine.phase === 'head' ||
  (mine.phase === 'body' && mine.isChunked && mine.body === other.body && sameList(mine.fields, other.fields))

function differenceOf(
  mine: Message,
  other: Message,
  edit: Edit | undefined,
  isUnedited: boolean,
): string | null {
  if ((edit?.method ?? mine.method) !== other.method) return 'method'
  if ((edit?.target ?? mine.target) !== other.target) return 'target'
  if ((edit?.status ?? String(mine.status)) !== String(other.status)) return 'status'
  if (mine.reason !== other.reason) return 'reason'
  if (other.method !== '' && mine.version !== other.version) return 'version'
  if (!sameList(mine.fields, other.fields)) return 'fields'
  if (mine.body !== other.body) return 'body'
  if (!sameList(mine.trailers, other.trailers)) return 'trailers'
  if (other.method !== '' && mine.isUpgrade !== other.isUpgrade) return 'upgrade'
  // Places are of the same bytes only if nothing was made plain.
  if (isUnedited && other.end !== -1 && mine.method !== '' && mine.end !== other.end) return 'end'
  // An informational response says nothing about its connection (RFC 9112 9.6).
  const isInformational = mine.status >= 100 && mine.status < 200
  return isInformational || mine.keepsAlive === other.keepsAlive ? null : 'keep-alive'
}

/** The bytes from a message on. Of responses, only heads without a body come before another. */
function textFrom(text: string, ours: readonly Message[], at: number, kind: Kind): string {
  if (kind === 'request') return text.slice(ours[at]?.start)
  let from = 0
  for (let n = 0; n < at; n += 1) from = text.indexOf('\r\n\r\n', from) + 4
  return text.slice(from)
}

/** Compares our reading `whole` with that of the same bytes in pieces; returns what differs. */
export function compareSplit(
  bytes: Buffer,
  kind: Kind,
  cuts: readonly number[],
  whole = readWithOurs(bytes, kind),
): string | null {
  const split = readWithOurs(bytes, kind, cuts)
  const isSame =
    whole.length === split.length && whole.every((message, at) => isEqual(message, split[at] as Message))
  return isSame ? null : `cut at ${cuts.join()}: ${JSON.stringify([whole, split])}`
}

const isEqual = (one: Message, other: Message): boolean =>
  one.start === other.start &&
  one.bodyAt === other.bodyAt &&
  one.end === other.end &&
  one.phase === other.phase &&
  one.fault === other.fault &&
  one.status === other.status &&
  one.isUpgrade === other.isUpgrade &&
  one.keepsAlive === other.keepsAlive &&
  one.version === other.version &&
  one.method === other.method &&
  one.target === other.target &&
  one.reason === other.reason &&
  one.body === other.body &&
  sameList(one.fields, other.fields) &&
  sameList(one.trailers, other.trailers)
