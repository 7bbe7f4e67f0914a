/** Chooses the file that answers a request. */
import type { MountSettings } from '../../config/settings/settings.ts'
import type { Disk, Found } from './disk.ts'
import { isPageRoute, type StaticPath } from './path.ts'

/** The file a request names: a path below the real root of a mount. */
export interface Place {
  readonly root: string
  readonly mount: MountSettings
  readonly path: StaticPath
}

export interface Choice {
  readonly found: Found
  /** File name that determines the content type. */
  readonly name: string
  /** An application page: clients always revalidate it. */
  readonly isPage: boolean
}

/**
 * Chooses the file that answers: the named one, else the first index file of a directory, else the SPA
 * fallback.
 */
export async function choose(disk: Disk, { root, mount, path }: Place): Promise<Choice> {
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
