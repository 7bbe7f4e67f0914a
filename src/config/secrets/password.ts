/** Forms of a password in a configuration: a hash or `{encrypted}`, never plain text. */
import { randomBytes, scryptSync } from 'node:crypto'

export const encryptedPrefix = '{encrypted}'

/** The accepted forms, for problems. */
export const passwordForms =
  'a bcrypt hash ($2b$...), a scrypt hash ($scrypt$ln=15,r=8,p=1$SALT$HASH), or {encrypted} text; --hash-password and --encrypt create them'

/** Returns a scrypt hash with a random salt; takes about 0.1 s and 32 MB. */
export function hashPassword(password: string): string {
  const salt = randomBytes(16)
  const hash = scryptSync(password, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt$ln=15,r=8,p=1$${base64(salt)}$${base64(hash)}`
}

const bcryptForm = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const scryptForm =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** bcrypt doubles its time with each step; cost 16 takes some seconds per password. */
const maxBcryptCost = 16
const maxScryptBytes = 128 * 1024 * 1024
const maxScryptWork = 2 ** 22

/** The form of a password; null if unknown, or if it needs more time or memory than a proxy can spend. */
export function passwordForm(text: string): 'plain' | 'bcrypt' | 'scrypt' | null {
  if (text.startsWith(encryptedPrefix)) return 'plain'
  const bcrypt = bcryptForm.exec(text)
  if (bcrypt !== null) {
    const cost = Number(bcrypt[1])
    return cost >= 4 && cost <= maxBcryptCost ? 'bcrypt' : null
  }
  const scrypt = scryptForm.exec(text)
  if (scrypt === null) return null
  const [, log, r, p] = scrypt.map(Number) as [number, number, number, number]
  const isSane = log >= 1 && r >= 1 && p >= 1
  const work = 2 ** log * r
  return isSane && work * 128 <= maxScryptBytes && work * p <= maxScryptWork ? 'scrypt' : null
}
