import type { MountSettings } from '../config/settings.ts'
import type { Disk, Found } from './static-disk.ts'
import { isPageRoute, type StaticPath } from './static-path.ts'

/** What a request asks for: a path below the real root of a mount. */
export interface Place {
  readonly root: string
  readonly mount: MountSettings
  readonly path: StaticPath
}

export interface Choice {
  readonly found: Found
  /** The name that decides the type. */
  readonly name: string
  /** A page of an application: always revalidated. */
  readonly isPage: boolean
}

/** Which file answers: the named one, else the first index file of a directory, else the page of the application. */
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
