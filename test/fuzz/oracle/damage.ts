/** Damages messages at random. */
import type { Random } from '../random.ts'

const marks = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '=',
  '"',
  '\\',
  '0',
  '9',
  'f',
  '\r\n',
  '\r\n\r\n',
  '\x7f',
  '\x80',
  '\xff',
  '\x0b',
  '\x1f',
  '/',
  ' HTTP/1.1\r\n',
  'chunked',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Host: a\r\n',
  ' ;a',
  '_',
  '-',
  '+',
]

/** Removes, inserts, doubles, replaces or changes bytes at one to four places. */
export function damage(random: Random, given: string): string {
  let text = given
  for (let n = 1 + random.below(4); n > 0; n -= 1) {
    const at = random.below(text.length + 1)
    const length = random.chance(0.8) ? 1 + random.below(3) : random.below(30)
    switch (random.below(6)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length)
        break
      case 1:
        text = text.slice(0, at) + random.pick(marks) + text.slice(at)
        break
      case 2:
        text = text.slice(0, at + length) + text.slice(at)
        break
      case 3:
        text = text.slice(0, at) + random.pick(marks) + text.slice(at + 1)
        break
      case 4:
        // Letters in another case, and bits flipped.
        text =
          text.slice(0, at) +
          String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << random.below(8))) +
          text.slice(at + 1)
        break
      default:
        text = random.chance(0.3)
          ? text.slice(0, at)
          : text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at)
    }
  }
  return text
}
