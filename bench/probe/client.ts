/** Asks an instance of Bifrost through the socket that the preloaded `instance.ts` opened. */
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

export interface Heap {
  /** Bytes after a full collection. */
  readonly heapUsed: number
  readonly external: number
}

/** The inspector's CPU profile. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

const longestMs = 20_000

export const readHeap = (dir: string) => ask(dir, 'heap') as Promise<Heap>
export const startProfile = (dir: string) => ask(dir, 'start')
export const stopProfile = (dir: string) => ask(dir, 'stop') as Promise<Profile>

/** The first instance answers; with several, they do the same work. */
async function ask(dir: string, question: string): Promise<unknown> {
  const [first] = readdirSync(dir)
    .filter((name) => name.endsWith('.sock'))
    .toSorted()
  if (first === undefined) throw new Error('no instance listens: is the probe preloaded?')
  const socket = connect({ path: join(dir, first) })
  socket.setTimeout(longestMs, () => socket.destroy(new Error(`no answer to ${question}`)))
  socket.setEncoding('utf8').write(question)
  let text = ''
  for await (const chunk of socket) text += chunk as string
  return JSON.parse(text)
}
