/** Reads an exported history file. */
import type { Actor, Move } from '../shell/data.ts'

/** The history file that the page exports and imports and that `bifrost charts view` opens. */
export interface HistoryFile {
  readonly format: 'bifrost-history'
  readonly version: 1
  /** Milliseconds since 1970. */
  readonly exported: number
  readonly actors: readonly Actor[]
  readonly moves: readonly Move[]
}

export function historyFile(exported: number, actors: readonly Actor[], moves: readonly Move[]): HistoryFile {
  return { format: 'bifrost-history', version: 1, exported, actors, moves }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTextOrNull = (value: unknown) => value === null || typeof value === 'string'

/** The largest time value of a Date. */
const maxMoment = 8.64e15
const isMoment = (value: unknown) => typeof value === 'number' && value >= 0 && value <= maxMoment

const isDiff = (value: unknown) =>
  isObject(value) && Object.values(value).every((pair) => Array.isArray(pair) && pair.length === 2)

function actorFault(value: unknown): string | null {
  if (!isObject(value)) return 'is not an object'
  if (typeof value['id'] !== 'string') return 'has no id'
  if (typeof value['state'] !== 'string') return 'has no state'
  if (!isTextOrNull(value['chart']) || !isTextOrNull(value['parent']))
    return 'has a chart or a parent that is not a text'
  if (value['gone'] != null && !isMoment(value['gone'])) return 'has an end (gone) that is not a time'
  return isMoment(value['since']) ? null : 'has no time (since)'
}

function moveFault(value: unknown): string | null {
  if (!isObject(value)) return 'is not an object'
  if (!Number.isSafeInteger(value['seq']) || Number(value['seq']) < 0 || !isMoment(value['at']))
    return 'has no number (seq) or no time (at)'
  if (
    typeof value['actor'] !== 'string' ||
    typeof value['event'] !== 'string' ||
    typeof value['to'] !== 'string'
  ) {
    return 'lacks actor, event or to'
  }
  if (!isTextOrNull(value['from']) || !isTextOrNull(value['sender']))
    return 'has a from or a sender that is not a text'
  const { edges, diff } = value
  if (!Array.isArray(edges) || !edges.every((edge) => typeof edge === 'string'))
    return 'has edges that are not a list of texts'
  return diff === null || isDiff(diff) ? null : 'has a diff that is not an object of pairs, before and after'
}

function checkAll(list: unknown, name: string, faultOf: (value: unknown) => string | null): void {
  if (!Array.isArray(list)) throw new Error(`it has no list of ${name}.`)
  for (const [at, one] of list.entries()) {
    const fault = faultOf(one)
    if (fault !== null) throw new Error(`${name}[${at}] ${fault}.`)
  }
}

/** Parses a history file. Throws an Error that describes the first problem. */
export function readHistoryFile(text: string): HistoryFile {
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch (cause) {
    throw new Error(`it is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
  if (!isObject(file) || file['format'] !== 'bifrost-history') {
    throw new Error('it is not an exported history, whose format is "bifrost-history".')
  }
  if (file['version'] !== 1)
    throw new Error(`it has version ${String(file['version'])}, but this page reads version 1.`)
  checkAll(file['actors'], 'actors', actorFault)
  checkAll(file['moves'], 'moves', moveFault)
  const { actors, moves, exported } = file as unknown as HistoryFile
  return historyFile(
    isMoment(exported) ? Number(exported) : 0,
    actors.map((actor) => ({ ...actor, gone: actor.gone ?? null })),
    moves.toSorted((one, other) => one.seq - other.seq),
  )
}
