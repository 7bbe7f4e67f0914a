/** Rules for `access_log`, and the check that a log file can be written. */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Sound } from '../schema/check.ts'
import type { ConfigInput } from '../schema/schema.ts'
import type { Path } from '../text/problem.ts'
import type { RuleContext } from './context.ts'

type AccessLog = Sound<ConfigInput['access_log']>

/** Reports an access log that cannot be written, so that the daemon does not start without it. */
export function checkAccessLog({ baseDir, report }: RuleContext, path: Path, given: AccessLog): void {
  const isText = typeof given === 'string'
  const place = isText ? given : given?.path
  if (place === undefined || place === 'stdout') return
  if (place === 'off') {
    if (!isText) report([...path, 'path'], 'is "off"; write "access_log": "off" to disable the log')
    return
  }
  const fault = fileFault(resolve(baseDir, place))
  if (fault !== undefined) report(isText ? path : [...path, 'path'], fault)
}

/** Returns why a file cannot be appended to; undefined if it can. */
export function fileFault(file: string): string | undefined {
  const directory = dirname(file)
  try {
    if (!statSync(directory).isDirectory()) return `${show(directory)} is not a directory; ${right}`
    const found = statSync(file, { throwIfNoEntry: false })
    if (found?.isDirectory()) return `${show(file)} is a directory; name the file in it`
    accessSync(found === undefined ? directory : file, constants.W_OK)
    return undefined
  } catch (error) {
    const { code, path = file } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return `${show(directory)} does not exist; ${right}`
    return `${show(path)} cannot be written by this user (${code}); ${right}`
  }
}

const show = (path: string): string => JSON.stringify(path)
const right = 'must be a file in an existing, writable directory'
