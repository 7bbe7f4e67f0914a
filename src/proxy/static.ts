import { realpathSync, statSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import type { MountSettings, StaticSettings } from '../config/settings.ts'
import { BifrostError } from '../errors.ts'
import type { HttpRequest, HttpResponse } from '../http/message.ts'
import type { CounterBlock } from '../telemetry/counters.ts'
import { createAnswers } from './static-answer.ts'
import { type HotFile, HotFiles } from './static-cache.ts'
import { choose, type Place } from './static-choice.ts'
import { createDisk, type Disk, type OpenFile } from './static-disk.ts'
import { renewed } from './static-fill.ts'
import { readStaticPath } from './static-path.ts'

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
   * Answers a GET or HEAD from the mount that owns `path` (the target as received: encoded, with mount prefix and
   * query). Resolves when the response has been handed to the socket or the client went away, or at once for what comes
   * from memory; rejects with INTERNAL, before anything was sent, for what neither a client nor a file can cause.
   */
  handle(req: HttpRequest, res: HttpResponse, mount: MountSettings, path: string): Promise<void>
  /** Gives the memory of hot files back. */
  dropCaches(): void
}

export interface StaticDeps {
  readonly counters: CounterBlock
  /** For how long what the disk said of a file is believed, in milliseconds; 0 asks for every request. */
  readonly trustMs?: number
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number
}

const mebibyte = 1024 * 1024
const done = Promise.resolve()

/**
 * Static files below the mounts' roots and never outside of them (seed S015, S018; W03, W34-W37). Throws
 * WORKER_FAILED when a root is no directory; a root that is a link is followed once, here.
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
      // Before the disk is asked: what it says is true of a moment after this one.
      const checkedAt = now()
      const choice = await choose(disk, place)
      const { found } = choice
      // The path has no empty segment, so this cannot turn into `//host` (an open redirect).
      if (found === 'DIRECTORY') return answers.redirect(res, `${place.path.pathname}/${place.path.search}`)
      if (typeof found === 'string') return answers.refuse(res, found)
      await owning(disk, found, async () => {
        const servable = { ...choice, file: found, isPrivate }
        const hot = key === undefined ? undefined : await renewed(disk, servable, held, checkedAt)
        // Now, not when a slow client has taken its body: others wait for it.
        settle(hot)
        if (hot === undefined) await answers.send(req, res, servable)
        else answers.sendHot(req, res, hot, hot === held)
      })
    } finally {
      settle(undefined)
    }
  }

  /** What the first call says goes to all who wait for `held` to be renewed. */
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
        return answers.refuse(res, 'METHOD_NOT_ALLOWED', { Allow: 'GET, HEAD' })
      }
      const path = readStaticPath(target, mount.path)
      if (typeof path === 'string') return answers.refuse(res, path)
      const root = roots.get(mount.path)
      if (root === undefined) return Promise.reject(noRoot(mount))

      const place = { root, mount, path }
      const key = isPlain(req.headers) ? keyOf(place) : undefined
      const hot = key === undefined ? undefined : hotFiles.get(key)
      if (hot === undefined || now() - hot.checkedAt >= trustMs) return serve(req, res, place, key)
      answers.sendHot(req, res, hot, true)
      return done
    },
  }
}

/** Whether what is in memory can answer. */
function isPlain(headers: IncomingHttpHeaders): boolean {
  return (
    headers.range === undefined &&
    headers['if-match'] === undefined &&
    headers['if-unmodified-since'] === undefined
  )
}

/** One for all spellings and queries of a path. No part contains a NUL, and a name below the mount no slash. */
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
