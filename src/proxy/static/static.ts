/** The static file handler: from a request to a file and its answer. */
import { realpathSync, statSync } from 'node:fs'
import type { MountSettings, StaticSettings } from '../../config/settings/settings.ts'
import { BifrostError } from '../../errors.ts'
import { isName } from '../../http/fields/fields.ts'
import type { HttpRequest, HttpResponse } from '../../http/message/message.ts'
import type { CounterBlock } from '../../telemetry/metrics/counters.ts'
import { createAnswers } from './answer.ts'
import { type HotFile, HotFiles } from './cache.ts'
import { choose, type Place } from './choice.ts'
import { createDisk, type Disk, type OpenFile } from './disk.ts'
import { renewed } from './fill.ts'
import { readStaticPath } from './path.ts'

/**
 *   target -> path (pure) -> in memory, asked for within trustMs? --yes--> 304 | head -> body, at once
 *               |  400 404     | no
 *                            file: as named | index | SPA fallback -> small? into memory -> as above
 *                              |  301 403 404 503        | no, or a range or a rarer condition
 *                                                      conditions -> range -> head -> body
 *                                                        304 412     416
 */
export interface StaticHandler {
  /**
   * Answers a GET or HEAD from the mount that owns `path` (the encoded target as received, with mount prefix
   * and query). Resolves when the response was handed to the socket or the client left; immediately for
   * content from memory. Rejects with INTERNAL, before anything was sent, for faults that neither client nor
   * file caused.
   */
  handle(req: HttpRequest, res: HttpResponse, mount: MountSettings, path: string): Promise<void>
  /** Releases the memory of hot files. */
  dropCaches(): void
}

export interface StaticDeps {
  readonly counters: CounterBlock
  /** How long file metadata from the disk is trusted, in milliseconds; 0 checks for every request. */
  readonly trustMs?: number
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number
}

const mebibyte = 1024 * 1024
const done = Promise.resolve()

/**
 * Serves static files below the mounts' roots and never outside them (seed S015, S018; W03, W34-W37). Throws
 * WORKER_FAILED if a root is not a directory. A root that is a link is resolved once, here.
 */
export function createStatic(settings: StaticSettings, deps: StaticDeps): StaticHandler {
  const { counters, trustMs = 1000, now = () => performance.now() } = deps
  const roots = new Map(settings.mounts.map((mount) => [mount.path, resolveRoot(mount)]))
  const disk = createDisk(counters)
  const isPrivate = settings.auth !== null || settings.access !== null
  const answers = createAnswers(disk, counters)
  const hotFiles = new HotFiles({
    maxBytes: Math.min(16, settings.maxMemoryMb / 8) * mebibyte,
    maxEntries: 4096,
  })

  async function serve(req: HttpRequest, res: HttpResponse, place: Place, key: string | undefined) {
    const held = key === undefined ? undefined : hotFiles.get(key)
    if (held?.renewal !== undefined) {
      const shared = await held.renewal
      if (shared !== undefined) return answers.sendHot(req, res, shared, true)
    }
    const settle = beginRenewal(key, held)
    try {
      // Read the clock before asking the disk, so the result is never dated too late.
      const checkedAt = now()
      const choice = await choose(disk, place)
      const { found } = choice
      // The path has no empty segment, so this cannot become `//host` (an open redirect).
      if (found === 'DIRECTORY') return answers.redirect(res, `${place.path.pathname}/${place.path.search}`)
      if (typeof found === 'string') return answers.refuse(res, found)
      await owning(disk, found, async () => {
        const servable = { ...choice, file: found, isPrivate }
        const hot = key === undefined ? undefined : await renewed(disk, servable, held, checkedAt)
        // Settle now: other requests wait for the entry, and this client may be slow.
        settle(hot)
        if (hot === undefined) await answers.send(req, res, servable)
        else answers.sendHot(req, res, hot, hot === held)
      })
    } finally {
      settle(undefined)
    }
  }

  /** The first look at the disk serves everyone who waits for `held` to be renewed. */
  function beginRenewal(key: string | undefined, held: HotFile | undefined) {
    const { promise, resolve } = Promise.withResolvers<HotFile | undefined>()
    if (held !== undefined) held.renewal = promise
    let isSettled = false
    return (hot: HotFile | undefined) => {
      if (isSettled) return
      isSettled = true
      if (held !== undefined) held.renewal = undefined
      if (key !== undefined && hot === undefined) hotFiles.drop(key)
      if (key !== undefined && hot !== undefined && hot !== held) hotFiles.put(key, hot)
      resolve(hot)
    }
  }

  return {
    dropCaches: () => hotFiles.clear(),
    handle(req, res, mount, target) {
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        return answers.refuse(res, 'METHOD_NOT_ALLOWED', ['Allow', 'GET, HEAD'])
      }
      const path = readStaticPath(target, mount.path)
      if (typeof path === 'string') return answers.refuse(res, path)
      const root = roots.get(mount.path)
      if (root === undefined) return Promise.reject(noRoot(mount))

      const place = { root, mount, path }
      const key = isPlain(req.fields) ? keyOf(place) : undefined
      const hot = key === undefined ? undefined : hotFiles.get(key)
      if (hot === undefined || now() - hot.checkedAt >= trustMs) return serve(req, res, place, key)
      answers.sendHot(req, res, hot, true)
      return done
    },
  }
}

/** True if the request needs nothing beyond the cached 200 or 304. */
function isPlain(fields: readonly string[]): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (name.length === 5 && isName(name, 'range')) return false
    if (name.length === 8 && isName(name, 'if-match')) return false
    if (name.length === 19 && isName(name, 'if-unmodified-since')) return false
  }
  return true
}

/**
 * One key for all spellings and queries of a path. No part contains NUL, and a name below the mount contains
 * no slash.
 */
function keyOf({ mount, path }: Place): string {
  return `${mount.path}\0${path.segments.join('/')}${path.isDirectory ? '/' : ''}`
}

async function owning(disk: Disk, file: OpenFile, use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } finally {
    disk.close(file.fd)
  }
}

function noRoot(mount: MountSettings): BifrostError {
  return new BifrostError('INTERNAL', `no root for the static mount ${mount.path}`)
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
