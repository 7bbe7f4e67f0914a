/** Node libraries as targets. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job, Launch, Place, Target, TargetName } from '../types.ts'
import { benchDir, packageVersion } from './node.ts'

/** A library in the smallest program with its best settings: `rivals/NAME.ts PORT ORIGIN_PORT`. */
function library(name: TargetName, packages: readonly string[]): Target {
  const file = join(benchDir, 'rivals', `${name}.ts`)
  return {
    name,
    version: () => packages.map(packageVersion).join(' with fastify '),
    source: readFileSync(file, 'utf8'),
    launch: (_job: Job, place: Place): Launch => ({
      command: process.execPath,
      args: [file, String(place.port), String(place.originPort)],
      env: { NODE_ENV: 'production' },
    }),
  }
}

export const libraries: readonly Target[] = [
  library('http-proxy', ['http-proxy']),
  library('http-proxy-3', ['http-proxy-3']),
  library('httpxy', ['httpxy']),
  library('fastify-http-proxy', ['@fastify/http-proxy', 'fastify']),
  library('proxy-chain', ['proxy-chain']),
]

/** Its production mode reads the directory once, at the start. */
export const sirv: Target = {
  name: 'sirv-cli',
  version: () => packageVersion('sirv-cli'),
  launch: (_job: Job, place: Place): Launch => ({
    command: process.execPath,
    args: [
      join(benchDir, 'node_modules/sirv-cli/bin.js'),
      place.filesDir,
      '--port',
      String(place.port),
      '--host',
      '127.0.0.1',
      '--etag',
      '--quiet',
    ],
    env: { NODE_ENV: 'production' },
  }),
}
