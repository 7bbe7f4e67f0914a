/**
 * A field of a request by its lower-case name. Node's header object inherits from Object.prototype, so a field that was not sent but is
 * named `constructor` would otherwise read as a function.
 */
export function requestField<T>(headers: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined
}
