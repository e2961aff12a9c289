import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startClock, systemTime } from '../../plugin/clock'
import { plugin, type RunningPlugin, startPlugin, valuesOf } from '../built-plugin'
import { type FakeHost, fakeHost } from './fake-host'
import { readProtocol, type Transcript, valuesIn } from './protocol'
import { type Resources, resourcesOf } from './resources'

/** Something that goes wrong around the plugin. The tests and `npm run soak` go through the same faults. */
export interface Fault {
  readonly name: string
  /** What a user sees of it. */
  readonly sees: string
  /** Why it can't be tried here; false where it can. */
  readonly skip?: string | false
  /** @throws where something wrong was published, or hangs, or leaks, or is not right again in time */
  run(scene: Scene): Promise<Outcome>
}

/** Where a fault plays. */
export interface Scene {
  /** Undone when the fault has been played, whatever became of it; the last first. */
  teardown(undo: () => unknown): unknown
  /** The long version, of `npm run soak`. */
  readonly long: boolean
}

export interface Outcome {
  /** Ticks from the end of the fault until all was right again. */
  readonly ticks: number
  readonly before: Resources
  readonly after: Resources
}

/** All is right again within so many ticks. */
export const MAX_TICKS = 2
/** Resident memory that may come and go with the garbage in it, kB. */
const MEMORY_SLACK = 12_000

/** What is to be undone, of each fault that is being played. */
const played = new Set<(() => unknown)[]>()

/** Plays a fault, and takes down what it set up. */
export async function play(fault: Fault, long: boolean): Promise<Outcome> {
  const undo: (() => unknown)[] = []
  played.add(undo)
  try {
    return await fault.run({ long, teardown: fn => undo.push(fn) })
  } finally {
    await takeDown(undo)
    played.delete(undo)
  }
}

/** Takes down what all faults set up that are being played, when they are to be played no further. */
export async function abandon(): Promise<void> {
  for (const undo of [...played].reverse()) await takeDown(undo)
}

async function takeDown(undo: (() => unknown)[]): Promise<void> {
  for (let fn = undo.pop(); fn !== undefined; fn = undo.pop()) {
    try {
      await fn()
    } catch (error) {
      // The rest has to go all the same.
      console.error(error)
    }
  }
}

/** An empty directory. Agents, which run as a user of their own, look into one of mode 755. */
export function scratch(scene: Scene, mode = 0o700): string {
  const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-fault-'))
  chmodSync(dir, mode)
  scene.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/**
 * Counts ticks like the plugin does, from now on, in this process: where the whole machine is busy, both are late.
 */
export function countTicks(scene: Scene): () => number {
  let ticks = 0
  const stop = startClock(
    1,
    () => {
      ticks++
    },
    systemTime,
  )
  scene.teardown(stop)
  return () => ticks
}

/** Resolves after so many ticks of this process. */
export function ticksPass(count: number): Promise<void> {
  return new Promise(resolve => {
    const stop = startClock(
      1,
      () => {
        if (--count > 0) return
        // Not from within its own tick, which sets the next one.
        setImmediate(stop)
        resolve()
      },
      systemTime,
    )
  })
}

/** The plugin, with a host whose resets are known. */
export interface Stage {
  readonly host: FakeHost
  readonly running: RunningPlugin
  readonly pid: number
  /** Resolves when a reset that happens now is published. */
  publishes(): Promise<void>
}

/** Starts the plugin as the agent does. It has published a rise when this resolves. */
export async function stageFor(
  scene: Scene,
  options: { env?: NodeJS.ProcessEnv; command?: readonly string[]; host?: FakeHost } = {},
): Promise<Stage> {
  const host = options.host ?? fakeHost(scratch(scene))
  const [command = plugin, ...args] = options.command ?? [plugin, '1']
  const running = startPlugin(scene, { NETDATA_HOST_PREFIX: host.prefix, ...options.env }, args, command)
  const publishes = async (): Promise<void> => {
    host.happen(3)
    await running.until(stdout => valuesOf(stdout, 'sent').at(-1) === host.sent(), 60)
  }
  await running.until(stdout => valuesOf(stdout, 'sent').length > 0, 60)
  await publishes()
  return { host, running, pid: running.child.pid as number, publishes }
}

/** The end of a fault: all is right again in time, nothing wrong was said, nothing is left over. */
export async function recover(scene: Scene, stage: Stage, before: Resources): Promise<Outcome> {
  const { running, host, pid } = stage
  const ticks = countTicks(scene)
  await stage.publishes()
  const took = ticks()
  assert.ok(took <= MAX_TICKS, `right again after ${took} ticks`)
  await stage.publishes()
  const after = resourcesOf(pid)
  running.child.kill('SIGTERM')
  assert.equal(await running.ended, 0, 'ends with code 0')
  checkPublished(running.stdout(), host)
  checkHeld(before, after)
  return { ticks: took, before, after }
}

/** Nothing but what the host counted was published. */
function checkPublished(stdout: string, host: FakeHost): Transcript {
  const transcript = readProtocol(stdout)
  const received = valuesIn(transcript, 'ipv4.tcp_resets', 'received')
  for (const value of valuesIn(transcript, 'ipv4.tcp_resets', 'sent')) {
    assert.ok(host.history.has(value), `sent was never ${value}`)
  }
  // Those two count from the plugin's first reading.
  const [start = 0n] = host.history
  const rises = new Set([...host.history].map(value => value - start))
  for (const value of received) assert.ok(rises.has(value), `received was never ${value}`)
  const causes = transcript.collections.filter(({ chart }) => chart === 'ipv4.tcp_reset_causes')
  for (const { values } of causes) {
    for (const [cause, value] of values) {
      assert.ok(cause === 'other' ? rises.has(value) : value === 0n, `${cause} was never ${value}`)
    }
  }
  return transcript
}

/** Nothing has piled up. */
export function checkHeld(before: Resources, after: Resources): void {
  assert.equal(after.children, 0, 'no child process')
  assert.ok(
    after.descriptors <= before.descriptors,
    `descriptors: ${before.descriptors}, then ${after.descriptors}`,
  )
  assert.ok(after.threads <= before.threads, `threads: ${before.threads}, then ${after.threads}`)
  assert.ok(
    after.memory <= before.memory + MEMORY_SLACK,
    `memory: ${before.memory} kB, then ${after.memory} kB`,
  )
}
