import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { whyNoPrometheus } from '../kit/collector/prometheus.ts'
import { describeWith } from './suite.ts'

const folder = join(import.meta.dirname, '../../deploy/prometheus')

function promtool(...words: readonly string[]): { readonly ok: boolean; readonly text: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', words, { cwd: folder, encoding: 'utf8' })
  return { ok: status === 0, text: error?.message ?? `${stdout}${stderr}` }
}

describeWith(whyNoPrometheus(), 'deploy/prometheus', () => {
  test('contains valid rules', () => {
    const checked = promtool('check', 'rules', 'bifrost-bridge.rules.yaml')
    expect(checked, checked.text).toMatchObject({ ok: true })
  })

  test('has alerts that fire when they should and not before', () => {
    const checked = promtool('test', 'rules', 'bifrost-bridge.rules.test.yaml')
    expect(checked, checked.text).toMatchObject({ ok: true })
  })

  test('contains a valid example of a scrape configuration', () => {
    const checked = promtool('check', 'config', 'prometheus.yaml')
    expect(checked, checked.text).toMatchObject({ ok: true })
  })
})
