import { parseArgs } from 'node:util'

export type Command =
  | { readonly kind: 'run' | 'check'; readonly config: string | undefined }
  /** Each reads one line from standard input. */
  | { readonly kind: 'encrypt' | 'hash-password' }
  | { readonly kind: 'init-encryption-key' }
  | { readonly kind: 'charts-view'; readonly file: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly message: string }

export const usage = `usage: bifrost [--config FILE] [--check]

  --config FILE   configuration to run: JSON, JSON with comments, or YAML (default: the demo)
  --check         only validate it and print the effective configuration
  --help          this text

bifrost charts view FILE   shows a history that was exported from the charts page, without a daemon

For passwords in a configuration; the text comes from standard input, where no list of processes shows it:

  --hash-password         prints a hash for users[].password
  --encrypt               prints an {encrypted} value
  --init-encryption-key   makes the key for these, in $BIFROST_SECRET_HOME or ~/.bifrost
`

const secretCommands = ['encrypt', 'hash-password', 'init-encryption-key'] as const

/** Words to a command; a mistake is a command too, with what is wrong. */
export function parseCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', short: 'c' },
        check: { type: 'boolean' },
        encrypt: { type: 'boolean' },
        'hash-password': { type: 'boolean' },
        'init-encryption-key': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    })
    if (values.help) return { kind: 'help' }
    if (positionals.length > 0) return parseWords(positionals)
    const [secret, ...others] = secretCommands.filter((kind) => values[kind])
    if (others.length > 0)
      return { kind: 'usage', message: `--${secret} and --${others[0]} are two commands` }
    if (secret !== undefined) return { kind: secret }
    return { kind: values.check ? 'check' : 'run', config: values.config }
  } catch (error) {
    return { kind: 'usage', message: error instanceof Error ? error.message : String(error) }
  }
}

function parseWords(words: readonly string[]): Command {
  const [noun, verb, file, ...more] = words
  if (noun !== 'charts') return { kind: 'usage', message: `${noun} is no command; there is charts view FILE` }
  if (verb !== 'view' || file === undefined || more.length > 0)
    return { kind: 'usage', message: 'charts needs the word view and one file' }
  return { kind: 'charts-view', file }
}
