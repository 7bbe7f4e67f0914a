import { hashSync } from 'bcryptjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hashPassword, passwordForm } from '../../../../../src/config/secrets/password.ts'
import type { AuthSettings, PasswordSettings } from '../../../../../src/config/settings/settings.ts'
import { type AuthDeps, Authenticator } from '../../../../../src/proxy/guard/auth/authenticator.ts'
import { BcryptThread } from '../../../../../src/proxy/guard/auth/bcrypt.ts'
import { createVerifier } from '../../../../../src/proxy/guard/auth/secret.ts'

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** Passwords of the form `plain`; counts comparisons, with a cost per password. */
function counting(costs: Record<string, number> = {}) {
  const compared: string[] = []
  const verifierOf = ({ text }: PasswordSettings) => ({
    cost: costs[text] ?? 1,
    verify: async (password: string) => {
      compared.push(`${text}?${password}`)
      return password === text
    },
  })
  return { compared, verifierOf }
}

function authenticator(
  passwords: Record<string, string>,
  deps: AuthDeps,
  settings: Partial<AuthSettings> = {},
) {
  const users = Object.entries(passwords).map(([name, text]) => ({
    name,
    password: { form: 'plain', text } as const,
  }))
  const auth = new Authenticator({ realm: 'r', users, cacheMs: 60_000, forwards: false, ...settings }, deps)
  onTestFinished(() => auth.close())
  return auth
}

describe('a comparison', () => {
  test('is cached for cacheMs after a success, and for five seconds after a failure', async () => {
    let now = 0
    const { compared, verifierOf } = counting()
    const auth = authenticator({ alice: 'secret' }, { verifierOf, now: () => now })
    const check = (password: string) => auth.check(basic('alice', password), 'c')
    expect(await check('secret')).toEqual({ user: 'alice' })
    expect(await check('guess')).toBe('wrong')
    expect(check('secret')).toEqual({ user: 'alice' })
    expect(check('guess')).toBe('wrong')
    expect(compared).toHaveLength(2)
    now = 5_000
    expect(check('secret')).toEqual({ user: 'alice' })
    await check('guess')
    expect(compared).toHaveLength(3)
    now = 60_000
    await check('secret')
    expect(compared).toHaveLength(4)
  })

  test('serves all concurrent requests with the same credentials', async () => {
    const { compared, verifierOf } = counting()
    const auth = authenticator({ alice: 'secret' }, { verifierOf })
    const results = Array.from({ length: 50 }, () => auth.check(basic('alice', 'secret'), 'c'))
    expect(new Set(await Promise.all(results))).toEqual(new Set([{ user: 'alice' }]))
    expect(compared).toHaveLength(1)
  })

  test('is refused beyond a limit, as with a thousand concurrent wrong passwords', async () => {
    const { compared, verifierOf } = counting()
    const auth = authenticator({ alice: 'secret' }, { verifierOf })
    const results = Array.from({ length: 1000 }, (_, at) => auth.check(basic('alice', `${at}`), 'attacker'))
    // Another client still has room.
    const other = auth.check(basic('alice', 'secret'), 'honest')
    const words = await Promise.all(results)
    expect(words.filter((word) => word === 'busy')).toHaveLength(992)
    expect(compared).toHaveLength(9)
    expect(await other).toEqual({ user: 'alice' })
  })
})

test.each([undefined, 'Bearer x', 'Basic', ''])('%j contains no credentials', (field) => {
  const { compared, verifierOf } = counting()
  expect(authenticator({ alice: 'secret' }, { verifierOf }).check(field, 'c')).toBe('missing')
  expect(compared).toEqual([])
})

test('an unknown name and a wrong password of any kind cost as much as the costliest comparison', async () => {
  const { compared, verifierOf } = counting({ cheap: 1, dear: 100 })
  const auth = authenticator({ low: 'cheap', high: 'dear' }, { verifierOf })
  const compare = async (user: string, password: string) => {
    compared.length = 0
    const result = await auth.check(basic(user, password), 'c')
    return [result, ...compared]
  }
  expect(await compare('nobody', 'x')).toEqual(['wrong', 'dear?x'])
  expect(await compare('high', 'x')).toEqual(['wrong', 'dear?x'])
  expect(await compare('low', 'x')).toEqual(['wrong', 'cheap?x', 'dear?x'])
  expect(await compare('low', 'cheap')).toEqual([{ user: 'low' }, 'cheap?cheap'])
  // An existing user's password does not work for an unknown name.
  expect(await compare('nobody', 'dear')).toEqual(['wrong', 'dear?dear'])
})

test('a comparison that fails is an error, and is not cached', async () => {
  let isBroken = true
  const verifierOf = () => ({
    cost: 1,
    verify: async () => (isBroken ? Promise.reject(new Error('x')) : true),
  })
  const auth = authenticator({ alice: 'secret' }, { verifierOf })
  await expect(auth.check(basic('alice', 'secret'), 'c')).rejects.toThrow('x')
  isBroken = false
  expect(await auth.check(basic('alice', 'secret'), 'c')).toEqual({ user: 'alice' })
})

describe('passwords', () => {
  const scrypt = '$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0$/1sA6fWtjLFq6b4uT1V2sX2WJb1eXw6mF1uRrQvYvqY'
  test.each([
    ['plain', 'grüße', 'grüße'],
    ['bcrypt', hashSync('grüße', 4), 'grüße'],
    ['scrypt', hashPassword('grüße'), 'grüße'],
  ] as const)('%s: only the right password is accepted', async (form, text, right) => {
    const bcrypt = new BcryptThread()
    onTestFinished(() => bcrypt.close())
    if (form !== 'plain') expect(passwordForm(text)).toBe(form)
    const verifier = createVerifier({ form, text }, bcrypt)
    expect(await verifier.verify(right)).toBe(true)
    for (const wrong of [`${right} `, '', right.toUpperCase()])
      expect(await verifier.verify(wrong)).toBe(false)
  })

  test('scrypt reads the vector of RFC 7914 12', async () => {
    const hash = Buffer.from(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
      'hex',
    )
    const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
    const text = `$scrypt$ln=10,r=8,p=16$${base64(Buffer.from('NaCl'))}$${base64(hash)}`
    const verifier = createVerifier({ form: 'scrypt', text }, new BcryptThread())
    expect(await verifier.verify('password')).toBe(true)
    expect(await verifier.verify('passwort')).toBe(false)
  })

  test.each([
    [`$2b$10$${'a'.repeat(53)}`, 'bcrypt'],
    [`$2b$17$${'a'.repeat(53)}`, null],
    [`$2b$03$${'a'.repeat(53)}`, null],
    [`$2x$10$${'a'.repeat(53)}`, null],
    [`$2b$10$${'a'.repeat(52)}`, null],
    [scrypt, 'scrypt'],
    [scrypt.replace('ln=4', 'ln=21'), null],
    [scrypt.replace('p=1', 'p=0'), null],
    [scrypt.replace('r=8', 'r=99'), 'scrypt'],
    [scrypt.replace('ln=4,r=8', 'ln=17,r=16'), null],
    ['{encrypted}AAAA', 'plain'],
    ['plain', null],
    ['', null],
  ])('%j has the form %j', (text, form) => {
    expect(passwordForm(text)).toBe(form)
  })

  test('bcrypt does not hold up the event loop', async () => {
    const bcrypt = new BcryptThread()
    onTestFinished(() => bcrypt.close())
    await bcrypt.compare('x', hashSync('x', 4))
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    }, 1)
    await bcrypt.compare('x', `$2b$12$${'a'.repeat(53)}`)
    clearInterval(timer)
    expect(turns).toBeGreaterThan(10)
  })

  test('a bcrypt thread that ends rejects waiting comparisons, and is started again', async () => {
    const bcrypt = new BcryptThread()
    onTestFinished(() => bcrypt.close())
    const waiting = bcrypt.compare('x', `$2b$14$${'a'.repeat(53)}`)
    bcrypt.close()
    await expect(waiting).rejects.toThrow('the bcrypt thread has ended')
    expect(await bcrypt.compare('x', hashSync('x', 4))).toBe(true)
  })
})
