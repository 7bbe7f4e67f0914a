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
  test('the rules are rules', () => {
    const checked = promtool('check', 'rules', 'bifrost-bridge.rules.yaml')
    expect(checked, checked.text).toMatchObject({ ok: true })
  })

  test('each alert sets off when it should, and not before', () => {
    const checked = promtool('test', 'rules', 'bifrost-bridge.rules.test.yaml')
    expect(checked, checked.text).toMatchObject({ ok: true })
  })

  test('the example of a scrape configuration is one', () => {
    const checked = promtool('check', 'config', 'prometheus.yaml')
    expect(checked, checked.text).toMatchObject({ ok: true })
  })
})
