import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { dist } from '../../scripts/build'

export interface Answer {
  readonly status?: number
  readonly type?: string
  readonly body: string
}

export interface PageServer {
  readonly url: string
  /** What was asked, in order: paths with their queries. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** An answer as the agent gives it. */
export function json(value: unknown): Answer {
  return { type: 'application/json', body: JSON.stringify(value) }
}

/** Serves the built guides as an agent does, and `api` in place of its API; what that leaves out is a 404. */
export async function servePages(api: (path: string) => Answer | undefined): Promise<PageServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const file = join(dist, 'web', 'guides', 'tcp', basename(path))
    const answer =
      /\/guides\/tcp\/[^/?]+$/.test(path) && existsSync(file)
        ? { type: 'text/html', body: readFileSync(file, 'utf8') }
        : api(path)
    response.writeHead(answer?.status ?? (answer ? 200 : 404), {
      'content-type': answer?.type ?? 'text/plain',
      connection: 'close',
    })
    response.end(answer?.body ?? 'not here')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
