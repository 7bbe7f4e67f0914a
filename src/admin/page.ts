import { type Answer, kept } from './answer.ts'
import { pageFileAt } from './page-files.ts'

/** A file of the page; null: there is none of that path, and nothing is looked up for it. */
export async function pageAnswer(path: string): Promise<Answer | null> {
  if (path !== '/' && !path.startsWith('/page/')) return null
  const file = await pageFileAt(path)
  return file === undefined ? null : kept(file.type, file.bytes, file.tag)
}
