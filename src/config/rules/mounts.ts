/** Rules for `mounts` of static files. */
import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { mountPrefix } from '../address/mount-prefix.ts'
import type { Sound } from '../schema/check.ts'
import type { ConfigInput } from '../schema/schema.ts'
import { maskUserinfo } from '../secrets/userinfo.ts'
import type { Path } from '../text/problem.ts'
import type { RuleContext } from './context.ts'

type StaticBlock = Sound<NonNullable<NonNullable<ConfigInput['workers']>['static_files']>>

export function checkMounts(context: RuleContext, worker: Path, block: StaticBlock): void {
  const { isWritten, report } = context
  const path = [...worker, 'mounts']
  if (!isWritten(path)) {
    report(
      worker,
      'has no mounts; add the directories to serve, such as "mounts": [{ "path": "/", "root_dir": "./public" }]',
    )
    return
  }
  const seen = new Map<string, number>()
  for (const [index, mount] of (block.mounts ?? []).entries()) {
    const prefix = mount?.path === undefined ? undefined : mountPrefix(mount.path)
    const first = prefix === undefined ? undefined : seen.get(prefix)
    if (first !== undefined) {
      report([...path, index, 'path'], `is also the path of mounts[${first}]; give each mount its own path`)
    } else if (prefix !== undefined) seen.set(prefix, index)
    const fault =
      mount?.root_dir === undefined ? undefined : directoryFault(resolve(context.baseDir, mount.root_dir))
    if (fault !== undefined) report([...path, index, 'root_dir'], fault)
  }
}

function directoryFault(directory: string): string | undefined {
  const shown = JSON.stringify(maskUserinfo(directory))
  const right = 'must be an existing directory; a relative path starts from the directory of this file'
  try {
    if (!statSync(directory).isDirectory()) return `${shown} is not a directory; ${right}`
    accessSync(directory, constants.R_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return `${shown} does not exist; ${right}`
    return `${shown} cannot be read by this user (${code}); ${right}`
  }
}
