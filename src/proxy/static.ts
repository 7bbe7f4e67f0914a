import { realpathSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MountSettings, StaticSettings } from '../config/settings.ts'
import { BifrostError } from '../errors.ts'
import type { CounterBlock } from '../telemetry/counters.ts'
import { createAnswers } from './static-answer.ts'
import { createDisk, type Disk, type Found, type OpenFile } from './static-disk.ts'
import { isPageRoute, readStaticPath, type StaticPath } from './static-path.ts'

/**
 *   target -> path (pure) -> file: as named | index | SPA fallback -> conditions -> range -> head -> body
 *               |  400 404     |  301 403 404 503                     304 412     416
 */
export interface StaticHandler {
  /**
   * Answers a GET or HEAD from the mount that owns `path` (the target as received: encoded, with mount prefix and
   * query). Resolves when the response has been handed to the socket or the client went away; throws INTERNAL, before
   * anything was sent, for what neither a client nor a file can cause.
   */
  handle(req: IncomingMessage, res: ServerResponse, mount: MountSettings, path: string): Promise<void>
}

interface Choice {
  readonly found: Found
  readonly name: string
  readonly isPage: boolean
}

/**
 * Static files below the mounts' roots and never outside of them (seed S015, S018; W03, W34-W37). Throws
 * WORKER_FAILED when a root is no directory; a root that is a link is followed once, here.
 */
export function createStatic(
  settings: StaticSettings,
  deps: { readonly counters: CounterBlock },
): StaticHandler {
  const roots = new Map(settings.mounts.map((mount) => [mount.path, resolveRoot(mount)]))
  const disk = createDisk(deps.counters)
  const answers = createAnswers(disk, deps.counters)

  return {
    async handle(req, res, mount, target) {
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        return answers.refuse(res, 'METHOD_NOT_ALLOWED', { Allow: 'GET, HEAD' })
      }
      const path = readStaticPath(target, mount.path)
      if (typeof path === 'string') return answers.refuse(res, path)
      const root = roots.get(mount.path)
      if (root === undefined) throw new BifrostError('INTERNAL', `no root for the static mount ${mount.path}`)

      const { found, name, isPage } = await choose(disk, root, mount, path)
      // The path has no empty segment, so this cannot turn into `//host` (an open redirect).
      if (found === 'DIRECTORY') return answers.redirect(res, `${path.pathname}/${path.search}`)
      if (typeof found === 'string') return answers.refuse(res, found)
      await owning(disk, found, () => answers.send(req, res, { file: found, name, isPage }))
    },
  }
}

async function owning(disk: Disk, file: OpenFile, use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } finally {
    await disk.close(file.fd)
  }
}

/** Which file answers: the named one, else the first index file of a directory, else the page of the application. */
async function choose(disk: Disk, root: string, mount: MountSettings, path: StaticPath): Promise<Choice> {
  const relative = path.segments.join('/')
  if (path.isDirectory) {
    for (const name of mount.indexFiles) {
      const found = await disk.open(root, `${relative}/${name}`)
      if (found !== 'NOT_FOUND' && found !== 'DIRECTORY') return { found, name, isPage: mount.spaMode }
    }
  } else {
    const found = await disk.open(root, relative)
    if (found !== 'NOT_FOUND') return { found, name: relative, isPage: false }
  }
  const name = mount.spaFallbackFile
  const isPage =
    mount.spaMode && isPageRoute(path.segments) && (await disk.isMissingInside(root, path.segments))
  if (!isPage) return { found: 'NOT_FOUND', name, isPage }
  const found = await disk.open(root, name)
  return { found: found === 'DIRECTORY' ? 'NOT_FOUND' : found, name, isPage }
}

function resolveRoot(mount: MountSettings): string {
  try {
    const root = realpathSync.native(mount.rootDir)
    if (statSync(root).isDirectory()) return root
  } catch (cause) {
    throw new BifrostError('WORKER_FAILED', rootMessage(mount, 'cannot be opened'), { cause })
  }
  throw new BifrostError('WORKER_FAILED', rootMessage(mount, 'is not a directory'))
}

function rootMessage(mount: MountSettings, problem: string): string {
  return `the root of the static mount ${mount.path} ${problem}: ${mount.rootDir}`
}
