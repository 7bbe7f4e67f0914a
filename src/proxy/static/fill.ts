/** Decides which files the cache keeps, and reads them. */
import { PreparedFields, PreparedResponse } from '../../http/message/prepared.ts'
import { headsOf, type Servable } from './answer.ts'
import type { HotFile } from './cache.ts'
import type { Disk } from './disk.ts'

// Larger files gain little per byte from memory and would evict many small ones.
const largestBytes = 128 * 1024

// The coarsest file time resolution (FAT). A later change within one tick would be invisible.
const settledMs = 2000

/**
 * Returns the cache entry for a file that was just opened: `held` if it is still current, else a new one;
 * undefined if the file is too large or changes while being read.
 */
export async function renewed(
  disk: Disk,
  servable: Servable,
  held: HotFile | undefined,
  checkedAt: number,
): Promise<HotFile | undefined> {
  const { file, name, isPage } = servable
  const identity = `${file.identity} ${isPage} ${name}`
  if (held?.isSettled && held.identity === identity) {
    held.checkedAt = checkedAt
    return held
  }
  if (file.size > largestBytes) return undefined
  const nowMs = Date.now()
  const bytes = await disk.readWhole(file)
  if (bytes === undefined) return undefined
  const { entity, kept, head } = headsOf(servable, nowMs)
  return {
    identity,
    isSettled: nowMs - file.changedMs >= settledMs,
    entity,
    response: new PreparedResponse(200, [...head, 'Content-Length', String(file.size)], bytes),
    headOf304: new PreparedFields(kept),
    size: file.size,
    checkedAt,
    renewal: undefined,
  }
}
