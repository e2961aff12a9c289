import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DIRECTIONS } from '../../plugin/tracing/event'
import { probeParser } from '../../plugin/tracing/probe-event'
import { stageOf } from '../../plugin/tracing/stage'
import type { Definition } from './definitions'
import { switchOn } from './events'
import { makeInstance, removeInstances } from './instances'
import type { Act } from './self-test-acts'

/** A busy machine that boots has its time. */
const PATIENCE_MS = 60_000

/**
 * Tries the events that are defined on resets that are known: some in a network namespace of their own, and of each the
 * events must tell once that it was sent and once that it was received, with its family, port and stage.
 *
 * @param instance one that is made for it, and removed
 * @param command what runs `actOut` in a process of its own
 * @throws where anything else was seen
 */
export async function selfTest(
  instance: string,
  group: string,
  definitions: readonly Definition[],
  command: readonly string[],
): Promise<void> {
  makeInstance(instance)
  const child = spawn('unshare', ['--net', '--', ...command])
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  try {
    const acts = await actsOf(child, () => {
      switchOn(instance, group, definitions, statSync(`/proc/${child.pid}/net/stat`).ino)
    })
    const expected = DIRECTIONS.flatMap(direction =>
      acts.map(({ family, port, stages }) => `${direction} ${family} ${port} ${stages[direction]}`),
    ).sort()
    const trace = readFileSync(join(instance, 'trace'), 'latin1')
    const seen = seenIn(trace, new Set(acts.map(({ port }) => port))).sort()
    if (seen.join() !== expected.join())
      throw new Error(`expected "${expected.join(', ')}", saw "${seen.join(', ')}"`)
  } finally {
    clearTimeout(late)
    child.kill('SIGKILL')
    await removeInstances([instance])
  }
}

/**
 * Lets the child begin once it is ready, and everything is for it.
 *
 * @throws where it could not do it all
 */
async function actsOf(child: ChildProcessWithoutNullStreams, makeReady: () => void): Promise<Act[]> {
  let said = ''
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    complaint += text
  })
  child.stdout.setEncoding('utf8').on('data', text => {
    const before = said
    said += text
    if (before === '') {
      makeReady()
      child.stdin.end('go\n')
    }
  })
  child.stdin.on('error', () => {})
  const [status] = await once(child, 'close')
  if (status !== 0)
    throw new Error(
      complaint
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^tcp-resets: /, '') ||
        (status === null ? `it was not done after ${PATIENCE_MS / 1000} s` : `it ended with ${status}`),
    )
  return JSON.parse(said.split('\n')[1] ?? '[]')
}

/** What the lines of a trace tell, in the words that are expected. */
function seenIn(trace: string, ports: ReadonlySet<number>): string[] {
  const parsers = DIRECTIONS.map(direction => probeParser(direction, new Map()))
  return trace.split('\n').flatMap(line =>
    parsers.flatMap(parse => {
      const event = parse(line)
      if (event === undefined) return []
      const { direction, family, localPort, peerPort = 0, state } = event
      const port = [localPort, peerPort].find(either => ports.has(either))
      return [`${direction} ${family} ${port} ${stageOf(state)}`]
    }),
  )
}
