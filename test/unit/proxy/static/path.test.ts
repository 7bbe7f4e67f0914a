import { normalize, resolve, sep } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPageRoute, readStaticPath, type StaticPath } from '../../../../src/proxy/static/path.ts'

function segmentsOf(target: string, mount = '/'): readonly string[] | string {
  const path = readStaticPath(target, mount)
  return typeof path === 'string' ? path : path.segments
}

// Pieces of real attacks, so that random draws find their combinations.
const hostile = fc.constantFrom(
  '..', '.', '/', '//', '\\', '%2e', '%2E', '%2f', '%2F', '%5c', '%5C', '%00', '%25', '%252e', '%c0%ae', '%c0%af',
  '%e0%80%af', '%', '%zz', '\0', '..;', '...', '~', 'C:', 'etc', 'passwd', '.git', '.well-known', '?', '#', ' ', 'é',
) // biome-ignore format: a list of pieces
const target = fc
  .array(
    fc.oneof(
      hostile,
      fc.string({ unit: 'grapheme', maxLength: 3 }),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
  )
  .map((pieces) => `/${pieces.join('')}`)
const mount = fc.constantFrom('/', '/docs', '/my/docs')

function accepted(check: (path: StaticPath, given: string) => void, targets = target): void {
  fc.assert(
    fc.property(targets, mount, (given, mountPath) => {
      const prefix = mountPath === '/' ? '' : mountPath
      const path = readStaticPath(prefix + given, mountPath)
      if (typeof path === 'object') check(path, prefix + given)
    }),
    { numRuns: 3000 },
  )
}

test('no accepted target leaves the root', () => {
  accepted(({ segments }) => {
    for (const separator of ['/', '\\']) {
      const joined = ['/srv/site', ...segments].join(separator).replaceAll('\\', '/')
      expect(`${resolve(joined)}${sep}`.startsWith(`/srv/site${sep}`)).toBe(true)
    }
  })
})

test('an accepted path is already normal: joining it changes nothing', () => {
  accepted(({ segments }) => {
    if (segments.length > 0) expect(normalize(segments.join('/'))).toBe(segments.join('/'))
  })
})

test('no accepted name has a separator, a control character or a leading dot', () => {
  accepted(({ segments }) => {
    for (const [at, name] of segments.entries()) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be absent
      expect(name).not.toMatch(/[/\\\x00-\x1f\x7f]/)
      if (name.startsWith('.')) expect([at, name]).toEqual([0, '.well-known'])
    }
  })
})

test('a slash appended to an accepted path starts no address of another host', () => {
  accepted(({ pathname, search, isDirectory }) => {
    if (isDirectory) return
    const location = new URL(`${pathname}/${search}`, 'http://site.test')
    expect(location.host).toBe('site.test')
  })
})

test('no combination of target and mount throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (anything, mountPath) => {
      readStaticPath(anything, mountPath)
      readStaticPath(`/${anything}`, mountPath)
    }),
  )
})

test('every name that a file may have is reached through its encoded form', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1 })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: names with them are refused on purpose
    .filter((text) => !/[/\\\x00-\x1f\x7f]/.test(text) && !text.startsWith('.') && text.isWellFormed())
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      expect(segmentsOf(`/${names.map(encodeURIComponent).join('/')}`)).toEqual(names)
    }),
  )
})

test.each([
  ['/..', 'BAD_PATH'],
  ['/a/../b', 'BAD_PATH'],
  ['/%2e%2e/a', 'BAD_PATH'],
  ['/.%2E/a', 'BAD_PATH'],
  ['/./a', 'BAD_PATH'],
  ['/..%2fa', 'BAD_PATH'],
  ['/a%2fb', 'BAD_PATH'],
  ['/a\\b', 'BAD_PATH'],
  ['/..%5ca', 'BAD_PATH'],
  ['/a%00.txt', 'BAD_PATH'],
  ['/a%0d%0ab', 'BAD_PATH'],
  ['/%', 'BAD_PATH'],
  ['/%zz', 'BAD_PATH'],
  ['/%c3', 'BAD_PATH'],
  ['/%c0%ae%c0%ae/a', 'BAD_PATH'],
  ['/a#b', 'BAD_PATH'],
  ['/a b', 'BAD_PATH'],
  ['//a', 'NOT_FOUND'],
  ['/a//b', 'NOT_FOUND'],
  ['/a//', 'NOT_FOUND'],
  ['/.env', 'NOT_FOUND'],
  ['/a/.git/config', 'NOT_FOUND'],
  ['/...', 'NOT_FOUND'],
  ['/a/.well-known/b', 'NOT_FOUND'],
  ['/.well-known/.env', 'NOT_FOUND'],
  ['', 'BAD_TARGET'],
  ['*', 'BAD_TARGET'],
  ['http://site.test/a', 'BAD_TARGET'],
])('%j is refused with %s', (given, code) => {
  expect(readStaticPath(given, '/')).toBe(code)
})

test('a twice encoded dot stays a literal name', () => {
  expect(segmentsOf('/%252e%252e/a')).toEqual(['%2e%2e', 'a'])
})

test('.well-known is served as the first name', () => {
  expect(segmentsOf('/.well-known/security.txt')).toEqual(['.well-known', 'security.txt'])
})

test('the mount is removed, and only at a slash', () => {
  expect(segmentsOf('/docs/a', '/docs')).toEqual(['a'])
  expect(segmentsOf('/docs', '/docs')).toEqual([])
  expect(segmentsOf('/docs-api/a', '/docs')).toBe('NOT_FOUND')
})

test('the query is separated and unchanged', () => {
  expect(readStaticPath('/a/?x=/../%zz?', '/')).toEqual({
    pathname: '/a/',
    search: '?x=/../%zz?',
    segments: ['a'],
    isDirectory: true,
  })
})

test.each(['mjs', 'map', 'wasm', 'webp', 'txt', 'avif', 'js', 'unheard'])(
  'x.%s is not a page (W37)',
  (extension) => {
    expect(isPageRoute(['assets', `x.${extension}`])).toBe(false)
  },
)

test('names without an extension may be pages, whatever dots their folders have', () => {
  expect(isPageRoute([])).toBe(true)
  expect(isPageRoute(['users', '42'])).toBe(true)
  expect(isPageRoute(['v1.2', 'users'])).toBe(true)
})

test('a name that is still encoded is not a page', () => {
  expect(isPageRoute(['%2e%2e', 'etc', 'passwd'])).toBe(false)
  expect(isPageRoute(['100%'])).toBe(true)
})
