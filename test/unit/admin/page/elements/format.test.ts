import { describe, expect, test } from 'vitest'
import {
  bytes,
  countText,
  duration,
  millisecondsText,
  remaining,
  share,
} from '../../../../../src/admin/page/elements/format.ts'

describe('human-readable numbers', () => {
  test.each([
    [duration(850), '850 ms'],
    [duration(12_400), '12 s'],
    [duration(245_000), '4 min 05 s'],
    [duration(12_000_000), '3 h 20 min'],
    [duration(187_200_000), '2 d 4 h'],
    [remaining(3_240), '3.2 s'],
    [remaining(-5), '0.0 s'],
    [remaining(41_200), '42 s'],
    [remaining(750_000), '12:30'],
    [countText(0), '0'],
    [countText(0.42), '0.4'],
    [countText(1_250), '1,250'],
    [countText(12_540), '12.5 k'],
    [bytes(512), '512 B'],
    [bytes(38_900), '38 KB'],
    [bytes(1_610_612_736), '1.5 GB'],
    [millisecondsText(0.841, 6.2), '0.84 · 6.20 ms'],
    [millisecondsText(900, 12_000), '0.90 · 12.0 s'],
    [share(0), '0 %'],
    [share(0.0312), '3.1 %'],
    [share(1), '100 %'],
  ])('%s', (text, expected) => expect(text).toBe(expected))
})
