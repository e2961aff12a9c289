import { get } from 'node:http'
import type { Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** The two ends of the connection that an answer came over. */
export interface Connection {
  readonly local: End
  readonly remote: End
}

export interface End {
  readonly address: string
  readonly port: number
}

/** For the whole of an answer: whoever has the port can send a byte now and then for ever. */
const DEADLINE_MS = 5000
/** The longest answer, all alarms of a large agent, is a tenth of it. */
const MAX_BYTES = 8 * 1024 * 1024

/**
 * GET of a local agent.
 *
 * @param meet is told the connection while it is still open
 * @returns undefined where there is no whole answer within 5 s and 8 MiB
 */
export function ask(
  url: string,
  path: string,
  meet?: (connection: Connection) => void,
): Promise<Answer | undefined> {
  return new Promise(resolve => {
    const headers = { connection: 'keep-alive' } // so that it is still open when the answer is here
    const signal = AbortSignal.timeout(DEADLINE_MS)
    const call = get(new URL(path, url), { agent: false, headers, signal }, answer => {
      const connection = connectionOf(answer.socket)
      if (connection) meet?.(connection)
      const parts: Buffer[] = []
      let size = 0
      answer.on('data', (part: Buffer) => {
        size += part.length
        if (size > MAX_BYTES) call.destroy()
        else parts.push(part)
      })
      answer.on('error', () => resolve(undefined))
      answer.on('end', () => {
        const body = Buffer.concat(parts).toString()
        resolve({ status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', body })
        call.destroy()
      })
    })
    call.on('error', () => resolve(undefined))
    call.on('close', () => resolve(undefined))
  })
}

function connectionOf(socket: Socket): Connection | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket
  if (localAddress === undefined || localPort === undefined) return undefined
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  return {
    local: { address: localAddress, port: localPort },
    remote: { address: remoteAddress, port: remotePort },
  }
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
