/** The grammar of chunk extensions, byte by byte (RFC 9112 7.1.1). */
import { cr, isBlank, isText, isToken } from './fields.ts'

/** What the next byte belongs to; a byte may be a blank before each `;` and around each `=`. */
export const extensionStep = Object.freeze({
  /** After the size or a value, and a blank. */
  semicolon: 0,
  nameStart: 1,
  name: 2,
  /** After a name and a blank. */
  nameEnd: 3,
  valueStart: 4,
  value: 5,
  quoted: 6,
  /** After the backslash of a quoted pair. */
  escaped: 7,
  quotedEnd: 8,
  /** The CR that ends the line has been read. */
  done: 9,
  bad: 10,
})

export type ExtensionStep = (typeof extensionStep)[keyof typeof extensionStep]

const semicolon = 0x3b
const equals = 0x3d
const quote = 0x22
const backslash = 0x5c

/** Returns the step after `byte`. */
export function extensionAfter(current: ExtensionStep, byte: number): ExtensionStep {
  const { bad } = extensionStep
  switch (current) {
    case extensionStep.semicolon:
      if (byte === semicolon) return extensionStep.nameStart
      return isBlank(byte) ? current : bad
    case extensionStep.nameStart:
      if (isToken[byte] === 1) return extensionStep.name
      return isBlank(byte) ? current : bad
    case extensionStep.name:
      if (isToken[byte] === 1) return current
      if (isBlank(byte)) return extensionStep.nameEnd
      return byte === equals ? extensionStep.valueStart : afterPart(byte)
    case extensionStep.nameEnd:
      if (isBlank(byte)) return current
      if (byte === equals) return extensionStep.valueStart
      return byte === semicolon ? extensionStep.nameStart : bad
    case extensionStep.valueStart:
      if (isBlank(byte)) return current
      if (byte === quote) return extensionStep.quoted
      return isToken[byte] === 1 ? extensionStep.value : bad
    case extensionStep.value:
      return isToken[byte] === 1 ? current : afterValue(byte)
    case extensionStep.quoted:
      if (byte === quote) return extensionStep.quotedEnd
      if (byte === backslash) return extensionStep.escaped
      return isText[byte] === 1 ? current : bad
    case extensionStep.escaped:
      return isText[byte] === 1 ? extensionStep.quoted : bad
    case extensionStep.quotedEnd:
      return afterValue(byte)
    default:
      return bad
  }
}

const afterValue = (byte: number): ExtensionStep =>
  isBlank(byte) ? extensionStep.semicolon : afterPart(byte)

function afterPart(byte: number): ExtensionStep {
  if (byte === semicolon) return extensionStep.nameStart
  return byte === cr ? extensionStep.done : extensionStep.bad
}
