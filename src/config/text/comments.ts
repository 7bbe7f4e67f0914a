/** Comments in JSON. */

/**
 * Replaces comments in JSON with spaces, so that every offset, line and column stays the same. Returns other text
 * unchanged: in YAML, `//` is part of many values. `unclosed` is the offset of a comment without an end.
 */
export function blankComments(text: string): { readonly text: string; readonly unclosed?: number } {
  if (!isJson(text)) return { text }
  let blanked = ''
  let copied = 0
  for (let at = 0; at < text.length; ) {
    const end = commentEnd(text, at)
    if (end === Number.POSITIVE_INFINITY) return { text, unclosed: at }
    if (end !== undefined) {
      blanked += text.slice(copied, at) + text.slice(at, end).replace(/[^\r\n]/g, ' ')
      copied = end
      at = end
    } else {
      at = text[at] === '"' || text[at] === "'" ? stringEnd(text, at) : at + 1
    }
  }
  return { text: blanked + text.slice(copied) }
}

/** Whether the text is JSON: after comments, it starts with an object whose first key is quoted. */
function isJson(text: string): boolean {
  const start = skipTrivia(text, 0)
  if (text[start] !== '{') return false
  const next = text[skipTrivia(text, start + 1)]
  return next === '"' || next === '}'
}

function skipTrivia(text: string, from: number): number {
  for (let at = from; ; ) {
    const end = /\s/.test(text[at] ?? '') ? at + 1 : commentEnd(text, at)
    if (end === undefined) return at
    at = end
  }
}

/** The end of the comment at this offset; infinity if it is never closed, undefined if there is no comment. */
function commentEnd(text: string, at: number): number | undefined {
  if (text.startsWith('//', at)) {
    const end = text.indexOf('\n', at)
    return end === -1 ? text.length : end
  }
  if (!text.startsWith('/*', at)) return undefined
  const end = text.indexOf('*/', at + 2)
  return end === -1 ? Number.POSITIVE_INFINITY : end + 2
}

/** The end of a string, at most the end of its line; the parser reports unclosed strings. */
function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '\n') {
    if (text[at] === text[start]) return at + 1
    at += text[at] === '\\' ? 2 : 1
  }
  return at
}
