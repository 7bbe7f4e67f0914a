/**
 * Finds the metrics and labels in a PromQL query: enough PromQL to check dashboards and alert rules against
 * the list of metrics.
 */
export interface Selector {
  readonly metric: string
  /** Labels in its matchers. */
  readonly labels: readonly string[]
}

export interface Named {
  readonly selectors: readonly Selector[]
  /** Labels of `by`, `without`, `on`, `ignoring` and `group_left`. */
  readonly groupings: readonly string[]
  /** Labels created by `label_replace`. */
  readonly made: readonly string[]
}

const words = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
])
const strings = /"(?:[^"\\]|\\.)*"/g
const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g
const ranges = /\[[^\]]*\]/g
// Excludes the end of a number with a unit (`offset 10m`) and functions.
const selector = /(?<![\w.:])([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\s*\{([^}]*)\})?/g
const matcher = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g

// The last four arguments of `label_replace`: new label, replacement, source label, pattern.
const replacement = /,\s*"([a-zA-Z_]\w*)",\s*"[^"]*",\s*"\w+",\s*"[^"]*"\s*\)/g

const all = (text: string, pattern: RegExp, group: number) =>
  [...text.matchAll(pattern)].map((match) => match[group] ?? '')

export function namesOf(query: string): Named {
  const bare = query.replaceAll(strings, '""').replaceAll(ranges, '')
  const groupings = all(bare, grouping, 1).flatMap((list) => list.split(',').map((label) => label.trim()))
  const selectors = [...bare.replaceAll(grouping, ' ').matchAll(selector)]
    .filter(([, metric = '']) => !words.has(metric))
    .map(([, metric = '', labels = '']) => ({ metric, labels: all(labels, matcher, 1) }))
  return {
    selectors,
    groupings: groupings.filter((label) => label !== ''),
    made: all(query, replacement, 1),
  }
}
