import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const http = join(import.meta.dirname, '../../../src/http')

/** From the lowest to the highest; rooms on one line do not import each other, and '' is the folder itself. */
const floors = [
  [''],
  ['address', 'transport'],
  ['fields', 'accept', 'dial'],
  ['message', 'wire'],
  ['reply'],
  ['wire/server', 'wire/client', 'h2'],
  ['upstream'],
]

const roomOf = (file: string): string => (file.includes('/') ? dirname(file) : '')
const floorOf = (room: string): number => floors.findIndex((floor) => floor.includes(room))

test('the rooms of src/http import lower rooms only, types included', () => {
  const files = globSync('**/*.ts', { cwd: http })
  expect(files.filter((file) => floorOf(roomOf(file)) === -1)).toEqual([])
  const imports = files.flatMap((from) =>
    [...readFileSync(join(http, from), 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(
      ([, what = '']) => ({ from, what: relative(http, join(http, from, '..', what)) }),
    ),
  )
  const wrong = imports
    .filter(({ from, what }) => !what.startsWith('..') && roomOf(from) !== roomOf(what))
    .filter(({ from, what }) => floorOf(roomOf(what)) >= floorOf(roomOf(from)))
    .map(({ from, what }) => `${from} imports ${what}`)
  expect(wrong).toEqual([])
})
