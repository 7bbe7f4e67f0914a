/**
 * Serves the page with an exported history and without a daemon: `bifrost charts view FILE`. It listens on
 * loopback, applies the admin server's checks and is read-only.
 */
import { readFile, stat } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { ListenAddress } from '../config/settings/settings.ts'
import { ChartFiles } from './api/chart-files.ts'
import { EventStream, frame } from './api/events/event-stream.ts'
import { chartHandlers } from './api/handlers.ts'
import { historyFile } from './api/schema/schema.ts'
import { Access } from './gate/access.ts'
import { pageAnswer } from './page.ts'
import { AdminServer } from './server.ts'

export interface OfflineView {
  readonly url: string
  close(): void
}

/** The largest history file the page can show. */
const maxBytes = 64 * 1024 * 1024

/** `problem` says why the file cannot be shown. */
export async function viewHistory(file: string): Promise<OfflineView | { readonly problem: string }> {
  const read = await readHistory(file)
  if ('problem' in read) return read
  const { text, history } = read
  const token = { text: null, file: null, problem: 'a history file is read-only' }
  const access = new Access({ token, isLocal: true })
  const last = history.moves.at(-1)
  const everything = frame('reset', {
    reason: 'first',
    at: history.exported,
    seq: last?.seq ?? 0,
    actors: history.actors,
    workers: [],
  })
  const server = new AdminServer({
    settings: { listen: { host: '127.0.0.1', port: 0 }, hosts: [] },
    certificate: null,
    access,
    plain: {},
    page: async (path) =>
      path === '/history.json'
        ? { status: 200, type: 'application/json; charset=utf-8', body: text }
        : pageAnswer(path),
    handlers: {
      ...chartHandlers(new ChartFiles(), () => history.actors),
      getEvents: () => ({ open: (res) => tell(res, everything) }),
    },
  })
  const { host, port } = (await server.listen()) as ListenAddress
  const place = encodeURIComponent('/history.json')
  return { url: `http://${host}:${port}/#/history?file=${place}`, close: () => server.close() }
}

type History = z.output<typeof historyFile>

async function readHistory(
  file: string,
): Promise<{ readonly text: string; readonly history: History } | { readonly problem: string }> {
  let text: string
  try {
    const about = await stat(file)
    // A device or pipe has no size and may never end.
    if (!about.isFile()) return { problem: 'is not a regular file' }
    const { size } = about
    if (size > maxBytes) return { problem: `is larger than ${maxBytes / 1024 / 1024} MiB` }
    text = await readFile(file, 'utf8')
  } catch (error) {
    return { problem: `cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'is not valid JSON' }
  }
  const { data, error } = historyFile.safeParse(value)
  if (data !== undefined) return { text, history: data }
  const [issue] = error.issues
  return { problem: `is not an exported history: ${issue?.path.join('.')}: ${issue?.message}` }
}

/** Send something every second: the page treats silence as a lost connection. */
function tell(res: ServerResponse, everything: string): boolean {
  const nothing = () => frame('sample', { at: Date.now(), workers: [], instances: [] })
  const stream = new EventStream(res, { onRoom: () => {}, onClose: () => clearInterval(timer) })
  const timer = setInterval(() => stream.write(nothing()), 1_000)
  timer.unref()
  stream.write(everything)
  return true
}
