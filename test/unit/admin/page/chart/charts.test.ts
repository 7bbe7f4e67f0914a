import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chartFiles, chartFolder } from '../../../../../scripts/chart-files.ts'
import type { ChartFile, Plan } from '../../../../../src/admin/page/chart/model.ts'
import {
  everyNode,
  isTimed,
  labelLines,
  nodesById,
  rowsOf,
  widthOf,
} from '../../../../../src/admin/page/chart/rows.ts'

const names = globSync('*.json', { cwd: chartFolder }).sort()
const read = (name: string) => JSON.parse(readFileSync(join(chartFolder, name), 'utf8')) as ChartFile
type Box = readonly [x: number, y: number, w: number, h: number]
const overlap = ([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box) =>
  ax < bx + bw && bx < ax + aw && ay < by + bh && by < ay + ah
const within = ([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box) =>
  ax >= bx && ay >= by && ax + aw <= bx + bw && ay + ah <= by + bh

describe('charts', () => {
  test('match the output of `npm run charts` for every machine that actors/ exports', async () => {
    const made = await chartFiles()
    expect(names).toEqual([...made.keys()].sort())
    const stale = [...made].filter(([name, text]) => readFileSync(join(chartFolder, name), 'utf8') !== text)
    expect(stale.map(([name]) => name)).toEqual([])
  })

  describe.each(names)('%s', (name) => {
    const { chart, layout } = read(name)
    const nodes = everyNode(chart.root)

    test('is named after its machine', () => expect(chart.root.id).toBe(basename(name, '.json')))

    test.each<[string, Plan]>([
      ['large', layout],
      ['compact', layout.compact],
    ])('places every state inside its parent and beside its siblings, %s', (_, plan) => {
      for (const node of nodes) {
        const boxes = node.children.map(({ id }) => plan.n[id] as Box)
        for (const [at, box] of boxes.entries()) {
          expect(within(box, plan.n[node.id] as Box)).toBe(true)
          for (const other of boxes.slice(at + 1)) expect(overlap(box, other)).toBe(false)
        }
      }
      for (const { id, internal } of chart.edges)
        if (!internal) expect(plan.e[id]?.p.length).toBeGreaterThan(3)
    })

    test('has room for every text and no label that overlaps another label or a leaf state', () => {
      for (const node of nodes) {
        const [, , width, height] = layout.n[node.id] as Box
        const rows = rowsOf(node, chart.edges)
        for (const { text } of rows) expect(widthOf(text) + 20).toBeLessThanOrEqual(width)
        expect(height).toBeGreaterThanOrEqual(24 + 16 * rows.length)
      }
      const arrows = chart.edges.filter(({ internal }) => !internal)
      const labels = arrows.map((edge) => layout.e[edge.id]?.l as Box)
      for (const [at, label] of labels.entries()) {
        const edge = arrows[at]
        if (edge === undefined) throw new Error('a label without an arrow')
        const longest = Math.max(...labelLines(edge).map(widthOf)) + (isTimed(edge) ? widthOf(' 00:00') : 0)
        expect(label[2]).toBeGreaterThanOrEqual(longest)
        for (const other of labels.slice(at + 1)) expect(overlap(label, other)).toBe(false)
        for (const leaf of nodes.filter(({ children }) => children.length === 0)) {
          expect(overlap(label, layout.n[leaf.id] as Box)).toBe(false)
        }
      }
    })

    test('names states by their path, so that a state text finds them', () => {
      for (const [id, node] of nodesById(chart)) {
        for (const child of node.children) expect(child.id).toBe(`${id}.${child.key}`)
      }
    })
  })
})
