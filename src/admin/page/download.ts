import { h } from './dom.ts'

/** Gives the viewer a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = h('a', { href: url, download: name })
  link.click()
  // Once the download has begun the address may go; that is at the latest after the present task.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Lets the viewer choose one; null when none was chosen. */
export function chooseFile(accept: string): Promise<File | null> {
  const input = h('input', { type: 'file', accept })
  return new Promise((resolve) => {
    input.addEventListener('change', () => resolve(input.files?.[0] ?? null))
    input.addEventListener('cancel', () => resolve(null))
    input.click()
  })
}

/** `reverse_proxy#1` -> `reverse_proxy-1`. */
export const fileName = (text: string): string => text.replaceAll(/[^\w.-]+/g, '-')
