/** Flags and environment of the processes and threads that the daemon starts. */

/** Without it SIGUSR1 opens Node's debugger, for every user of the machine and without a token. */
const noDebugger = '--disable-sigusr1'

/** Flags of a child process. Those of the daemon's own command line, such as an inspector's port, are not inherited. */
export const childFlags = (...own: readonly string[]): string[] => [noDebugger, ...own]

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Variables that the runtime of a child reads. Everything else stays in main: it may hold credentials, such as the headers of a
 * telemetry exporter, and a child process or thread serves strangers.
 */
const passed: ReadonlySet<string> = new Set([
  // Node itself: its compile cache, the size of its thread pool, the flags of the operator.
  'NODE_COMPILE_CACHE',
  'NODE_COMPILE_CACHE_PORTABLE',
  'NODE_DISABLE_COMPILE_CACHE',
  'NODE_ICU_DATA',
  'NODE_NO_WARNINGS',
  'NODE_OPTIONS',
  'NODE_V8_COVERAGE',
  'UV_THREADPOOL_SIZE',
  'UV_USE_IO_URING',
  // Certificates that connections to upstreams trust, and how OpenSSL is configured.
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_SYSTEM_CA',
  'OPENSSL_CONF',
  'OPENSSL_MODULES',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  // Time zone and language, of which libc and ICU make texts.
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'LC_MESSAGES',
  'LC_TIME',
  'TZ',
  'TZDIR',
  // How libc looks names up.
  'HOSTALIASES',
  'LOCALDOMAIN',
  'RES_OPTIONS',
  // The dynamic loader and the allocator: without its libraries Node does not start.
  'DYLD_LIBRARY_PATH',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'MALLOC_ARENA_MAX',
  'MALLOC_CONF',
])

/** The environment of a thread: only the variables that the runtime reads. */
export function threadEnvironment(environment: Environment): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && passed.has(name)) own[name] = value
  return own
}

/** The same of a child process, which would compete with main for the port of a debugger that NODE_OPTIONS asks for. */
export function processEnvironment(environment: Environment): Record<string, string> {
  const own = threadEnvironment(environment)
  const { NODE_OPTIONS: options } = own
  if (options !== undefined)
    own['NODE_OPTIONS'] = wordsOf(options)
      .filter((word, at, all) => !isInspector(word) && !(isInspector(all[at - 1]) && !word.startsWith('-')))
      .map(quoted)
      .join(' ')
  return own
}

/** A word behind such a flag is its value, as in `--inspect-port 9229`. */
const isInspector = (word: string | undefined): boolean => word?.startsWith('--inspect') === true

/** The flags in NODE_OPTIONS as Node reads them: a space separates, unless it is between quotes, where a backslash escapes. */
function wordsOf(options: string): string[] {
  const words = ['']
  let isQuoted = false
  for (let at = 0; at < options.length; at += 1) {
    let character = options[at] as string
    if (character === '"') {
      isQuoted = !isQuoted
      continue
    }
    if (character === ' ' && !isQuoted) {
      words.push('')
      continue
    }
    if (character === '\\' && isQuoted) {
      at += 1
      character = options[at] ?? ''
    }
    words[words.length - 1] += character
  }
  return words.filter((word) => word !== '')
}

const quoted = (word: string): string => (/[ "]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word)
