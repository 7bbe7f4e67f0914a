/**
 * Reads a request field by its lower-case name. Node's header object inherits from Object.prototype, so an
 * absent field named `constructor` would otherwise be a function.
 */
export function requestField<T>(headers: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined
}
