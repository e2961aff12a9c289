import { get } from 'node:http'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** GET of a local agent. Resolves to undefined where nothing answers within 5 s. */
export function ask(url: string, path: string): Promise<Answer | undefined> {
  return new Promise(resolve => {
    const call = get(new URL(path, url), { agent: false, timeout: 5000 }, answer => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', text => {
        body += text
      })
      answer.on('error', () => resolve(undefined))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', body }),
      )
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(undefined))
  })
}

/**
 * The same for JSON; undefined for any status but 200, and for what is no JSON.
 *
 * @param read makes what is needed of it; undefined where it is not what it should be
 */
export async function askJson<T>(
  url: string,
  path: string,
  read: (answer: unknown) => T | undefined,
): Promise<T | undefined> {
  const answer = await ask(url, path)
  if (answer?.status !== 200) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(answer.body)
  } catch {
    return undefined
  }
  return read(parsed)
}
