import type { Answer } from './answer.ts'
import { pageFileAt } from './page-files.ts'

/** A file of the page; null: there is none of that path, and nothing is looked up for it. */
export async function pageAnswer(path: string): Promise<Answer | null> {
  if (path !== '/' && !path.startsWith('/page/')) return null
  const file = await pageFileAt(path)
  return file === undefined
    ? null
    : // A daemon of another version has another page.
      { status: 200, type: file.type, body: file.bytes, headers: { 'Cache-Control': 'no-cache' } }
}
