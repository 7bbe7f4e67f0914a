/**
 * The parts of a log line in order. Neighbouring values that rarely change form a run: if all of them equal
 * those of the previous line, the run's bytes are copied, and the comparison is most of the cost.
 *
 *   constant value | constant value constant value ... | constant value
 *    single part            run of steady values            single part
 */

import { Fragment, LogChunk, numberBytes } from '../lines/chunk.ts'
import type { LineFormat } from '../lines/writer.ts'
import type { AccessRecord } from './access-record.ts'
import type { Field, Value } from './fields.ts'

export type PutValue = (value: Value, chunk: LogChunk) => void

export interface PartSettings {
  /** Constant text before the value. */
  readonly before: string
  readonly field: Field
  readonly put: PutValue
}

interface Part {
  /** Maximum bytes, without texts. */
  readonly reserved: number
  putOf(record: AccessRecord, chunk: LogChunk): void
}

/** Constants are copied in whole pieces and may overshoot by this much. */
const spareBytes = 8

/** Room for the texts of a cached run; a run with longer texts is formatted for each line. */
const runTextBytes = 256

export function compileParts(settings: readonly PartSettings[], last: string): LineFormat<AccessRecord> {
  const parts = group(settings)
  const end = new Fragment(last)
  const reserved = parts.reduce((sum, part) => sum + part.reserved, end.length + spareBytes)
  return (record, chunk) => {
    if (!chunk.begin(reserved)) return false
    for (const part of parts) part.putOf(record, chunk)
    chunk.constant(end)
    return chunk.end()
  }
}

function group(settings: readonly PartSettings[]): readonly Part[] {
  const parts: Part[] = []
  let run: Own[] = []
  const endRun = () => {
    if (run.length > 1) parts.push(new Run(run))
    else parts.push(...run)
    run = []
  }
  for (const one of settings) {
    if (!one.field.isSteady) endRun()
    if (one.field.isSteady) run.push(new Own(one))
    else parts.push(new Own(one))
  }
  endRun()
  return parts
}

class Own implements Part {
  readonly reserved: number
  readonly read: Field['read']
  readonly #before: Fragment
  readonly #put: PutValue
  readonly #putField: Field['put']

  constructor({ before, field, put }: PartSettings) {
    this.#before = new Fragment(before)
    this.reserved = before.length + spareBytes + numberBytes
    this.read = field.read
    this.#put = put
    this.#putField = field.put
  }

  putOf(record: AccessRecord, chunk: LogChunk): void {
    if (this.#putField === null) {
      this.put(this.read(record), chunk)
      return
    }
    chunk.constant(this.#before)
    this.#putField(record, chunk)
  }

  put(value: Value, chunk: LogChunk): void {
    chunk.constant(this.#before)
    this.#put(value, chunk)
  }
}

class Run implements Part {
  readonly reserved: number
  readonly #parts: readonly Own[]
  readonly #values: Value[]
  /** The formatted bytes of the latest values. */
  readonly #kept: LogChunk
  readonly #ownReserved: number
  #isKept = false

  constructor(parts: readonly Own[]) {
    this.#parts = parts
    this.#values = parts.map(() => null)
    this.#ownReserved = parts.reduce((sum, part) => sum + part.reserved, 0)
    this.reserved = this.#ownReserved + runTextBytes
    this.#kept = new LogChunk(this.reserved)
  }

  putOf(record: AccessRecord, chunk: LogChunk): void {
    const hasChanged = this.#look(record)
    if (hasChanged || !this.#isKept) this.#make()
    if (this.#isKept) chunk.copy(this.#kept)
    else this.#put(chunk)
  }

  #look(record: AccessRecord): boolean {
    const values = this.#values
    let hasChanged = false
    for (let n = 0; n < values.length; n += 1) {
      const value = (this.#parts[n] as Own).read(record)
      if (value === values[n]) continue
      values[n] = value
      hasChanged = true
    }
    return hasChanged
  }

  #make(): void {
    const kept = this.#kept
    kept.clear()
    kept.begin(this.#ownReserved)
    this.#put(kept)
    this.#isKept = kept.end()
  }

  #put(chunk: LogChunk): void {
    for (let n = 0; n < this.#parts.length; n += 1)
      (this.#parts[n] as Own).put(this.#values[n] ?? null, chunk)
  }
}
