import { describe, expect, test } from 'vitest'
import { hideSecrets } from '../../../src/config/secrets.ts'
import { load, messages } from '../../kit/config-text.ts'

const withToken = (token: unknown) => ({
  mode: 'Forward',
  listen_addr: '127.0.0.1:3128',
  admin: { token },
})

describe('admin.token', () => {
  test('is read, and hidden when it is shown', () => {
    const { effective, settings } = load(withToken('sixteen-letters-or-more'))
    expect(settings.admin.token).toBe('sixteen-letters-or-more')
    const { shown, hidden } = hideSecrets(effective)
    expect(JSON.stringify(shown)).not.toContain('sixteen')
    expect([shown.admin.token, hidden]).toEqual(['***', ['admin.token']])
  })

  test('that there is none of is not shown', () => {
    const { effective } = load({ mode: 'Forward', listen_addr: '127.0.0.1:3128' })
    expect(hideSecrets(effective)).toEqual({ shown: effective, hidden: [] })
  })

  test.each([
    'too-short',
    'sixteen letters with spaces',
    'sixteen-letters-\u00fcmlaut',
    1234567890123456,
    '***',
  ])('is refused without being shown: %j', (token) => {
    const [message] = messages(withToken(token))
    expect(message).toBe(
      'admin.token: is not usable; must be text of at least 16 characters, visible ASCII without spaces',
    )
  })
})
