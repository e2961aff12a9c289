import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import type { Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly type: string
  /** Where else to ask; empty where it says nothing of that. */
  readonly location: string
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

/** What the address of a Unix socket begins with; its path follows. */
export const UNIX = 'unix:'

/** The address of a page: below the path that the agent's has, where one is in front of it or tells its children apart. */
export function pageAt(url: string, path: string): string {
  return `${url.replace(/\/+$/, '')}${path}`
}

/**
 * GET of a local agent.
 *
 * @param url where it is: `http:`, `https:`, or `unix:` and the path of a socket. A certificate is not looked at: most are
 *   of the agent's own making, and what tells whose answer it is is the process
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
    const options = { agent: false, headers, signal, rejectUnauthorized: false } as const
    const take = (answer: IncomingMessage): void => {
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
        const { location = '', 'content-type': type = '' } = answer.headers
        resolve({ status: answer.statusCode ?? 0, type, location, body })
        call.destroy()
      })
    }
    const call = url.startsWith(UNIX)
      ? getPlain({ ...options, socketPath: url.slice(UNIX.length), path }, take)
      : (url.startsWith('https:') ? getSecure : getPlain)(pageAt(url, path), options, take)
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
