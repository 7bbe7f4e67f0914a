/** Saves and opens files in the browser. */
import { h } from './dom.ts'

/** Offers a text to the viewer as a file download. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = h('a', { href: url, download: name })
  link.click()
  // The browser reads the URL when the download begins, after the current task at the latest, so it can be
  // revoked.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Opens the file picker; null if the viewer chose nothing. */
export function chooseFile(accept: string): Promise<File | null> {
  const input = h('input', { type: 'file', accept })
  return new Promise((resolve) => {
    input.addEventListener('change', () => resolve(input.files?.[0] ?? null))
    input.addEventListener('cancel', () => resolve(null))
    input.click()
  })
}

/** Replaces characters that are unsafe in file names: `reverse_proxy#1` becomes `reverse_proxy-1`. */
export const fileName = (text: string): string => text.replaceAll(/[^\w.-]+/g, '-')
