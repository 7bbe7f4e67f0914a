/** Answers requests for the page. */
import { type Answer, kept } from './answer.ts'
import { pageFileAt } from './page-files.ts'

/**
 * Returns a file of the page; null if the path names none. A requested path never reaches the file system.
 */
export async function pageAnswer(path: string): Promise<Answer | null> {
  if (path !== '/' && !path.startsWith('/page/')) return null
  const file = await pageFileAt(path)
  return file === undefined ? null : kept(file.type, file.bytes, file.tag)
}
