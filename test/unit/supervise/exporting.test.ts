import { expect, test } from 'vitest'
import { Exporting } from '../../../src/supervise/exporting.ts'
import { load } from '../../kit/configuration/config-text.ts'

test('spans dropped by instances are counted as lost', () => {
  const { settings } = load({ mode: 'Forward', listen_addr: '127.0.0.1:0' })
  const exporting = new Exporting(settings, () => {})
  expect(exporting.drops()).toEqual({ spans: 0, metrics: 0, logs: 0 })
  exporting.countDropped(() => 7)
  expect(exporting.drops()).toEqual({ spans: 7, metrics: 0, logs: 0 })
})
