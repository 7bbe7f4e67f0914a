/**
 * Builds elements from data. Text only ever becomes text nodes and attributes, so data cannot turn into
 * markup.
 */
export type Child = Node | string | null | undefined | false
export type ElementAttributes = Readonly<Record<string, string | number | boolean | null | undefined>>

function fill(element: Element, attributes: ElementAttributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child)
  }
}

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: ElementAttributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  fill(element, attributes, children)
  return element
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: ElementAttributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  fill(element, attributes, children)
  return element
}

/** A button with a click action. `label` is the accessible name when the visible text is only a symbol. */
export function button(
  text: Child,
  act: () => void,
  attributes: ElementAttributes & { readonly label?: string } = {},
): HTMLButtonElement {
  const { label, ...rest } = attributes
  const element = h('button', { type: 'button', 'aria-label': label, title: label, ...rest }, text)
  element.addEventListener('click', act)
  return element
}

/** Writes text only when it changed, which avoids layout work and repeated screen-reader output. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/** Makes the children of `parent` match `keys`: creates missing ones, removes others and keeps the order. */
export function keepList<Key extends string, Item extends { readonly root: Element }>(
  parent: Element,
  items: Map<Key, Item>,
  keys: readonly Key[],
  make: (key: Key) => Item,
): void {
  const wanted = new Set(keys)
  for (const [key, item] of items) {
    if (wanted.has(key)) continue
    item.root.remove()
    items.delete(key)
  }
  let place: Element | null = null
  for (const key of keys) {
    let item = items.get(key)
    if (item === undefined) {
      item = make(key)
      items.set(key, item)
    }
    const next: Element | null = place === null ? parent.firstElementChild : place.nextElementSibling
    if (next !== item.root) parent.insertBefore(item.root, next)
    place = item.root
  }
}
