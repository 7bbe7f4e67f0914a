import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findSuperlinear, hostileTexts } from '../../kit/attacks/growth.ts'
import { isProvablyLinear } from '../../kit/source/linear-regex.ts'
import { type RegexLiteral, regexLiterals } from '../../kit/source/regex-literals.ts'

/**
 * A regular expression that a peer can feed must be linear by the rules of `isProvablyLinear` or be listed
 * here with the reason why it is linear anyway. If an expression fails here, replace it with a loop.
 */
const separate = 'each run ends where another character begins, so a run is passed once forward and once back'
const starts =
  'a match starts at a character that its run cannot contain, so the runs of two starts do not overlap'
const ending = 'nothing follows the run, so it never has to be given back'
const ours = 'reads a file of the kernel or of the operator, or our own constants'

const reasons: Readonly<Record<string, string>> = {
  '/(?:W\\/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"/g': starts,
  '/[ \\t]+/': ending,
  '/timeout=\\s*(\\d{1,9})/': starts,
  '/^basic +([A-Za-z0-9+/]+={0,2})$/i': separate,
  '/\\.[^.]+$/': starts,
  '/^bytes=[\\t ]*(\\d*)-(\\d*)[\\t ]*$/i': separate,
  '/%(?:25)+/g': ending,
  '/;\\s*q=0(?:\\.0*)?\\s*(?:;|$)/i': starts,
  '/;\\s*q=([\\d.]+)/i': starts,
  '/^\\s*(?:gzip|\\*)\\s*(?:;|$)/i': separate,
  "/^((?:import|export|\\}) [^'\\n]*?'\\.[^'\\n]*)\\.ts'$/gm": ours,
  '/\\?(.*)/s': ending,
  '/^\\/faults\\/([\\w-]+)\\/(\\w+)$/': separate,
  '/\\{(\\w+)\\}/g': ours,
  '/\\/\\/[^/?#\\s]*@/g': starts,
  '/^((?:[a-z][a-z0-9+.-]*:\\/+)?)[^/?#]*@/i': separate,
  '/^([a-z][a-z0-9+.-]*):\\/\\/([^/?#]*)(.*)$/is': separate,
  '/^(https?):\\/\\/([^/?#]+)([\\s\\S]*)$/i': ending,
  '/^(\\[[^\\]]*\\]|[^:]*)(?::(.*))?$/': separate,
  '/%(?:([a-z_]+)|\\{([^{}]*)\\}|(%)|)/g': ours,
  '/^flags:\\s*(\\d+)/m': ours,
  '/[\\r\\n]+/g': ending,
  '/^Threads:\\s+(\\d+)$/m': ours,
  '/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z0-9 ]+-----/g': ours,
  '/-----BEGIN [A-Z ]*PRIVATE KEY-----/': ours,
  '/(?<=DNS:)[^,"\\s]+/g': ours,
  '/^CN=(\\S+)$/m': ours,
  '/^Max open files\\s+(\\d+)/m': ours,
  '/^RssAnon:\\s+(\\d+) kB$/m': ours,
  '/#\\d+/': ending,
  '/\\s+/': ending,
  '/^([\\w-]+#\\d+)\\.(\\d{1,15})$/': separate,
  '/^([\\w-]+#\\d+):(\\d{1,15})$/': separate,
}

/** Expressions assembled at run time, by file; the checks above cannot read them. */
const assembled: Readonly<Record<string, string>> = {
  'src/admin/gate/sessions.ts':
    'the name of the cookie and 43 characters, behind a semicolon that its blanks cannot contain',
  'src/telemetry/access-log/escape.ts': 'a list of names, and a run that nothing follows',
}

/** The page runs in a browser and reads what our own server sends. */
const isPage = (file: string) => file.startsWith('src/admin/page/')
const folders = ['http', 'proxy', 'admin', 'telemetry', 'supervise', 'tls']
const sources = folders.flatMap((folder) =>
  readdirSync(`src/${folder}`, { recursive: true, encoding: 'utf8' })
    .map((name) => join('src', folder, name))
    .filter((file) => file.endsWith('.ts') && !isPage(file))
    .map((file) => ({ file, code: readFileSync(file, 'utf8') })),
)
const literals = sources.flatMap(({ file, code }) =>
  regexLiterals(code).map((literal) => ({ file, ...literal })),
)
const textOf = ({ source, flags }: RegexLiteral) => `/${source}/${flags}`

test('every regular expression is linear by rule or listed with a reason', () => {
  expect(literals.length).toBeGreaterThan(100)
  const unproven = literals.filter(({ source, flags }) => !isProvablyLinear(source, flags))
  const unlisted = unproven.filter((literal) => !(textOf(literal) in reasons))
  expect(unlisted.map((literal) => `${literal.file}: ${textOf(literal)}`)).toEqual([])
  const found = new Set(unproven.map(textOf))
  expect(
    Object.keys(reasons).filter((text) => !found.has(text)),
    'listed, but not there',
  ).toEqual([])
  const dynamic = sources.filter(({ code }) => /\bRegExp\(/.test(code)).map(({ file }) => file)
  expect(dynamic.sort()).toEqual(Object.keys(assembled).sort())
})

test('each listed expression takes linear time for runs of its own characters', {
  timeout: 120_000,
}, () => {
  const listed = new Map(literals.filter((one) => textOf(one) in reasons).map((one) => [textOf(one), one]))
  for (const [text, { source, flags }] of listed) {
    const expression = new RegExp(source, flags)
    const named = [...new Set(`${source} a0`)].filter((one) => !'\\()[]|?*+^$'.includes(one)).slice(0, 12)
    const fixed = /^\^?([\w=/:# -]+)/.exec(source.replaceAll('\\/', '/'))?.[1] ?? ''
    const bad = findSuperlinear(
      (given) => given.replace(expression, ''),
      hostileTexts(named.join(''), [fixed]),
    )
    expect(bad, text).toBeNull()
  }
})

describe('the checks', () => {
  test.each([
    ['/a/', true],
    ['/^[ab]*$/', true],
    ['/^x{1,300}(?:y|z+)?$/', true],
    ['/[ab]*$/', false],
    ['/^a*a*$/', false],
    ['/^(?:a+)+$/', false],
    ['/^(?:a|a)*$/', false],
    ['/^(?:a{0,9}){0,9}$/', false],
    ['/^a|b*$/', false],
    ['/^(a)\\1*$/', false],
    ['/^a*$/m', false],
    ['/^(?=a*)b$/', false],
    ['/(?<=a*)b/', false],
  ])('prove %s linear: %s', (text, isProven) => {
    const [literal] = regexLiterals(`const x = ${text}`)
    expect(isProvablyLinear(literal?.source ?? '', literal?.flags ?? '')).toBe(isProven)
  })

  test('distinguish literals from divisions, strings, comments and templates', () => {
    const code = [
      'const a = 1 / 2 / 3 // no /x/ here',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source to read
      "const b = '/y/' + `/z/${/in/g.test(`${/inner/u}`) ? 1 / 2 : '}'}/w/`",
      'const c = f(/[/]\\//i) / 2, d = list[0] / 2',
      'function g() { return /e/ } /* /q/ */',
      'const h = (x) => /arrow/.test(x)',
    ].join('\n')
    expect(regexLiterals(code).map(textOf)).toEqual(['/in/g', '/inner/u', '/[/]\\//i', '/e/', '/arrow/'])
  })

  test('report quadratic time and accept linear time', () => {
    const spaces = hostileTexts(' ', [])
    expect(findSuperlinear((text) => text.replace(/[ \t]+$/g, ''), spaces)).not.toBeNull()
    expect(findSuperlinear((text) => text.replace(/^[ \t]+/, ''), spaces)).toBeNull()
  })
})
