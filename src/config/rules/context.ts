/** The data that every rule reads: the configuration, its source, and where to report problems. */
import type { Sound } from '../schema/check.ts'
import type { ConfigInput, WorkerKey } from '../schema/schema.ts'
import type { Environment, Keyring } from '../secrets/keyring.ts'
import type { Path } from '../text/problem.ts'

export interface RuleContext {
  /** The part of the configuration that the schema accepts. */
  readonly config: Sound<ConfigInput>
  /** Whether something was written at the path, right or wrong. */
  isWritten(path: Path): boolean
  report(path: Path, message: string): void
  readonly keyring: Keyring
  readonly env: Environment
  /** Directory that relative directories start from. */
  readonly baseDir: string
}

export interface WorkerBlock<Key extends WorkerKey = WorkerKey> {
  readonly key: Key
  readonly path: Path
  readonly block: Sound<NonNullable<NonNullable<ConfigInput['workers']>[Key]>>
}
