/** Parses command line arguments, and the usage text. */
import { parseArgs } from 'node:util'

export type Command =
  | { readonly kind: 'run' | 'check'; readonly config: string | undefined }
  /** Both read the text from standard input. */
  | { readonly kind: 'encrypt' | 'hash-password' }
  | { readonly kind: 'init-encryption-key' }
  | { readonly kind: 'charts-view'; readonly file: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly message: string }

export const usage = `usage: bifrost [--config FILE] [--check]

  --config FILE   run this configuration: JSON, JSON with comments, or YAML (default: the demo)
  --check         validate the configuration, print the effective one, and exit
  --help          print this text

bifrost charts view FILE   show a history exported from the charts page, without a daemon

Passwords for a configuration, read from standard input so that no process list shows them:

  --hash-password         print a hash for users[].password
  --encrypt               print an {encrypted} value
  --init-encryption-key   create the key for them in $BIFROST_SECRET_HOME or ~/.bifrost
`

const secretCommands = ['encrypt', 'hash-password', 'init-encryption-key'] as const

/** Returns the command; wrong usage is a command too, with a message. */
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
      return { kind: 'usage', message: `--${secret} and --${others[0]} cannot be combined` }
    if (secret !== undefined) return { kind: secret }
    return { kind: values.check ? 'check' : 'run', config: values.config }
  } catch (error) {
    return { kind: 'usage', message: error instanceof Error ? error.message : String(error) }
  }
}

function parseWords(words: readonly string[]): Command {
  const [noun, verb, file, ...more] = words
  if (noun !== 'charts') return { kind: 'usage', message: `${noun} is not a command; use charts view FILE` }
  if (verb !== 'view' || file === undefined || more.length > 0)
    return { kind: 'usage', message: 'charts needs "view" and one file' }
  return { kind: 'charts-view', file }
}
