/**
 * The command line: runs one command. The only module that prints. Exit codes: 0 clean, 1 failed, 64 wrong usage, 78
 * bad configuration.
 */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../config/load.ts'
import { hideSecrets } from '../config/schema/secret-keys.ts'
import { maskUrls } from '../config/secrets/userinfo.ts'
import { BifrostError } from '../errors.ts'
import { defaultLogging, openLog } from '../telemetry/log/log-targets.ts'
import { parseCommand, usage } from './command.ts'
import { describeRun } from './describe.ts'
import { describeTelemetry } from './describe-telemetry.ts'

const exitCode = { clean: 0, failed: 1, usage: 64, configuration: 78 } as const

const print = (text: string) => process.stdout.write(text)
const complain = (text: string) => process.stderr.write(text)

/** The package root, for `config/demo.json`; independent of the working directory. */
const packageRoot = new URL(import.meta.filename.endsWith('.ts') ? '../../' : '../../../', import.meta.url)
const demoConfig = fileURLToPath(new URL('config/demo.json', packageRoot))

/** Runs one command and resolves with the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // A closed pipe on standard output or error must not end the daemon.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  try {
    const command = parseCommand(args)
    if (command.kind === 'usage') {
      complain(`bifrost: ${maskUrls(command.message)}\n${usage}`)
      return exitCode.usage
    }
    if (command.kind === 'help') {
      print(usage)
      return exitCode.clean
    }
    if (command.kind === 'charts-view') return await view(command.file)
    if (command.kind !== 'run' && command.kind !== 'check') {
      const { runSecretCommand } = await import('./secrets.ts')
      print(`${runSecretCommand(command.kind, process.env)}\n`)
      return exitCode.clean
    }
    const config = loadConfig(command.config ?? relative(process.cwd(), demoConfig))
    if (command.kind === 'check') {
      const { shown, hidden } = hideSecrets(config.effective)
      print(`${JSON.stringify(shown, null, 2)}\n`)
      complain(describeTelemetry(config.settings.telemetry))
      complain(config.warnings.map((warning) => `warning: ${warning}\n`).join(''))
      if (hidden.length > 0) complain(`${hidden.join(', ')}: secret, shown as ***\n`)
      return exitCode.clean
    }
    return await serve(config)
  } catch (error) {
    if (!(error instanceof BifrostError)) throw error
    complain(`${maskUrls(error.message.trimEnd())}\n`)
    return /^(?:CONFIG|SECRET)_/.test(error.code) ? exitCode.configuration : exitCode.failed
  }
}

/** Serves an exported history until a signal arrives. */
async function view(file: string): Promise<number> {
  const { viewHistory } = await import('../admin/offline.ts')
  const shown = await viewHistory(file)
  if ('problem' in shown) {
    complain(`${file} ${shown.problem}\n`)
    return exitCode.failed
  }
  print(`${file} is shown at ${shown.url}\nCtrl+C stops it.\n`)
  const ended = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, ended.resolve)
  await ended.promise
  shown.close()
  return exitCode.clean
}

async function serve(config: ReturnType<typeof loadConfig>): Promise<number> {
  // On demand: a bad configuration is reported before the daemon is loaded.
  const { startDaemon } = await import('../daemon.ts')
  const logs = openLog(config.settings.logging ?? defaultLogging, { complain })
  const { log } = logs
  for (const warning of config.warnings) log('warn', warning)
  let code: number = exitCode.clean
  const daemon = await startDaemon(config.settings, {
    log,
    positions: config.positions,
    secretsDecrypted: config.secretsDecrypted,
    logDropped: () => logs.dropped(),
    allowFaults: process.env['BIFROST_FAULTS'] === '1',
  }).catch(async (error: unknown) => {
    await logs.close()
    throw error
  })
  const stop = () => daemon.stop()
  const crash = (error: unknown) => {
    log('error', 'main failed, draining', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    code = exitCode.failed
    daemon.stop()
  }
  const reopen = () => {
    daemon.reopenLogs()
    logs.reopen()
  }
  const ignore = () => log('info', 'SIGHUP is ignored: the daemon has no action for it')
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGUSR2', reopen).on('SIGHUP', ignore)
  process.on('uncaughtException', crash).on('unhandledRejection', crash)
  try {
    await daemon.running
    print(describeRun(config, daemon.addresses(), daemon.adminTokenFile))
  } finally {
    await daemon.stopped
    process.off('SIGINT', stop).off('SIGTERM', stop).off('SIGUSR2', reopen).off('SIGHUP', ignore)
    process.off('uncaughtException', crash).off('unhandledRejection', crash)
    await logs.close()
  }
  return code
}
