import { parseArgs } from 'node:util'

export type Command =
  | { readonly kind: 'run' | 'check'; readonly config: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'usage'; readonly message: string }

export const usage = `usage: bifrost [--config FILE] [--check]

  --config FILE   configuration to run: JSON, JSON with comments, or YAML (default: the demo)
  --check         only validate it and print the effective configuration
  --help          this text
`

/** Words to a command; a mistake is a command too, with what is wrong. */
export function parseCommand(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string', short: 'c' },
        check: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) return { kind: 'help' }
    return { kind: values.check ? 'check' : 'run', config: values.config }
  } catch (error) {
    return { kind: 'usage', message: error instanceof Error ? error.message : String(error) }
  }
}
