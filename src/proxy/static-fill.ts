import { headsOf, type Servable } from './static-answer.ts'
import type { HotFile } from './static-cache.ts'
import type { Disk } from './static-disk.ts'

// Larger ones cost little more from the disk than from memory, per byte, and push out many small ones.
const largestBytes = 128 * 1024

// Node sends a string together with the head, and a buffer after it; from some kilobytes on copying costs more than that.
const largestStringBytes = 16 * 1024

// File times are as coarse as this in the worst case (FAT), and a later change within the same tick would not show.
const settledMs = 2000

/**
 * What to keep of a file that was just opened: `held` where it still is that file, otherwise read anew; undefined when it
 * is too large or changes while it is read.
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
    head: [...head, 'Content-Length', String(file.size)],
    headOf304: kept,
    body: file.size <= largestStringBytes ? bytes.toString('latin1') : bytes,
    size: file.size,
    checkedAt,
    renewal: undefined,
  }
}
