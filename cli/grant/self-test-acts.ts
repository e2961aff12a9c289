import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Stage } from '../../plugin/tracing/stage'

/** A connection that was made and reset: one reset sent by one end, and received by the other. */
export interface Act {
  readonly family: 'IPv4' | 'IPv6'
  /** Of the end that was called. */
  readonly port: number
  /** At which stage each end is when it sends or gets the reset. */
  readonly stages: { readonly sent: Stage; readonly received: Stage }
}

/** Nothing listens there in a namespace that is new. */
const CLOSED = 9

/**
 * What the self-test runs in a network namespace of its own: says that it is ready, waits for a word, makes resets, and
 * tells what it did, as JSON.
 *
 * @throws where it could not
 */
export async function actOut(): Promise<void> {
  const { status, stderr, error } = spawnSync('ip', ['link', 'set', 'lo', 'up'], { encoding: 'utf8' })
  if (status !== 0)
    throw new Error(`ip link set lo up: ${error?.message ?? (stderr.trim() || `ended with ${status}`)}`)
  writeSync(1, 'ready\n')
  await once(process.stdin, 'data')
  const acts: Act[] = [await refused('IPv4', '127.0.0.1'), await aborted()]
  if (await hasIpv6()) acts.push(await refused('IPv6', '::1'))
  writeSync(1, `${JSON.stringify(acts)}\n`)
  process.stdin.destroy()
}

async function refused(family: Act['family'], host: string): Promise<Act> {
  const [error] = await once(connect(CLOSED, host), 'error')
  if (error.code !== 'ECONNREFUSED') throw error
  return { family, port: CLOSED, stages: { sent: 'no connection', received: 'opening' } }
}

async function aborted(): Promise<Act> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const caller = connect(port, '127.0.0.1')
  const [[called]] = await Promise.all([once(server, 'connection'), once(caller, 'connect')])
  const reset = once(called, 'error')
  caller.resetAndDestroy()
  await reset
  server.close()
  return { family: 'IPv4', port, stages: { sent: 'closed', received: 'open' } }
}

async function hasIpv6(): Promise<boolean> {
  const server = createServer().listen(0, '::1')
  try {
    await once(server, 'listening')
    server.close()
    return true
  } catch {
    return false
  }
}
