import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { familyOf } from './use'

/**
 * Counts the system calls of a process and its children.
 *
 * @returns calls a second; undefined where strace is missing or may not look
 */
export async function systemCalls(pid: number, seconds: number): Promise<number | undefined> {
  const pids = familyOf(pid).flatMap(member => ['-p', String(member)])
  const strace = spawn('strace', ['-f', '-c', '-q', ...pids], { stdio: ['ignore', 'ignore', 'pipe'] })
  const summary = text(strace.stderr)
  const ended = once(strace, 'close').catch(() => {})
  await Promise.race([sleep(seconds * 1000), ended])
  strace.kill('SIGINT') // it lets go, and sums up
  await ended
  // % time, seconds, microseconds a call, calls, errors where there were any
  const calls = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*total$/m.exec(await summary.catch(() => ''))?.[1]
  return calls === undefined ? undefined : Number(calls) / seconds
}
