import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAlive, treeOf } from '../../kit/processes/processes.ts'
import { tied } from '../../kit/processes/tied.ts'
import { until } from '../../kit/waiting/until.ts'

const root = join(import.meta.dirname, '../../..')

test.each(['its process', 'its process group'])('child processes end when %s is killed', async (what) => {
  const parent = spawn(process.execPath, [join(root, 'test/kit/processes/reaper-parent.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  tied(parent)
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const started = line.toString().trim().split(' ').map(Number)
  await until('the shell has its child', () => treeOf(started[1] ?? 0).length === 2)
  const all = started.flatMap(treeOf)
  expect(all).toHaveLength(4)
  expect(all.filter(isAlive)).toEqual(all)
  const { pid = 0 } = parent
  process.kill(what === 'its process' ? pid : -pid, 'SIGKILL')
  await until('all are gone', () => !all.some(isAlive))
})

test('every test ties its child processes to itself', () => {
  const loose = globSync('test/**/*.ts', { cwd: root }).filter((file) => {
    if (/^test\/(?:kit\/processes\/reaper|unit\/kit\/)/.test(file)) return false
    const text = readFileSync(join(root, file), 'utf8')
    if (!text.includes("'node:child_process'")) return false
    const starts = text.match(/(?<![\w.`'])(?:spawn|fork|execFile|exec)\(/g) ?? []
    const ties = text.match(/tied\(\s*(?:spawn|fork)\(/g) ?? []
    return starts.length > ties.length
  })
  expect(loose).toEqual([])
})
