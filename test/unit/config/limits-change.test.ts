import { describe, expect, test } from 'vitest'
import { parseLimitsChange } from '../../../src/config/limits-change.ts'

describe('a change of limits', () => {
  test('uses the keys of the configuration', () => {
    expect(parseLimitsChange('{"max_connections":10,"max_memory_mb":64,"max_cpu_percent":12.5}')).toEqual({
      change: { maxConnections: 10, maxMemoryMb: 64, maxCpuPercent: 12.5 },
    })
  })

  test('may have separate limits per service', () => {
    expect(parseLimitsChange('{"max_connections":{"forward":10}}')).toEqual({
      change: { maxConnections: { forward: 10 }, maxMemoryMb: undefined, maxCpuPercent: undefined },
    })
  })

  test.each([
    ['a body that is not JSON', '{', 'the body is not JSON'],
    ['an empty object', '{}', 'contains no limit'],
    ['a list', '[]', 'the body must be an object with keys of max_connections'],
    [
      'an unknown key',
      '{"max_conections":1}',
      'max_conections cannot be changed here; known: max_connections',
    ],
    ['an unknown service', '{"max_connections":{"smtp":1}}', 'max_connections must be a whole number from 1'],
    [
      'a number out of range',
      '{"max_cpu_percent":0}',
      'max_cpu_percent must be a number above 0, at most 100',
    ],
    ['text for a number', '{"max_memory_mb":"64"}', 'max_memory_mb must be a whole number from 16'],
  ])('is refused for %s', (_name, text, problem) => {
    const result = parseLimitsChange(text)
    expect('problems' in result ? result.problems[0] : 'accepted').toContain(problem)
  })

  test('reports all of its problems together', () => {
    const result = parseLimitsChange('{"max_memory_mb":1,"a":1,"b":2}')
    expect('problems' in result && result.problems.length).toBe(3)
  })
})
