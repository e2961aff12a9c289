import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import { median } from '../median'
import type { Growth, Round } from './tick-driver'

/** The plugin's figure next to its peer's. */
export interface Figure {
  readonly what: string
  readonly plugin: string
  readonly peer: string
  /** How far the plugin is from its peer, as the goal has it. */
  readonly distance: string
  /** What was aimed for, and whether it was met; absent where nothing was. */
  readonly goal?: { readonly text: string; readonly met: boolean }
}

const TICK_RATIO = 1.5

const MANY_TICKS = 1_000_000
/** A byte kept by each tick would show. */
const HEAP_GROWTH_MB = 0.1
/** The system gives and takes memory in larger pieces. */
const RESIDENT_GROWTH_MB = 1

const MB = 1e6

/**
 * One tick's CPU, user and system: the plugin's own tick (the clock's wake, both files read and parsed, the analysis,
 * the text, the write to a pipe), run back to back by a clock that does not wait, next to preads of the same two files
 * through descriptors kept open. The turn of the event loop that each of them needs is taken off both.
 */
export async function measureTicks(): Promise<readonly Figure[]> {
  const rounds = (await drive('rounds')) as readonly Round[]
  const own = (of: 'plugin' | 'pread' | 'publish'): number =>
    median(rounds.map(round => round[of] - round.empty))
  const row = (peer: 'pread' | 'publish', does: string): Figure & { readonly ratio: number } => {
    const ratio = median(rounds.map(round => (round.plugin - round.empty) / (round[peer] - round.empty)))
    return {
      what: 'CPU of a tick of the host’s charts',
      plugin: `${own('plugin').toFixed(1)} µs`,
      peer: `${own(peer).toFixed(1)} µs (${does})`,
      distance: `${ratio.toFixed(2)} ×`,
      ratio,
    }
  }
  const toPread = row('pread', 'pread of the two files')
  return [
    { ...toPread, goal: { text: `at most ${TICK_RATIO} ×`, met: toPread.ratio <= TICK_RATIO } },
    row('publish', 'pread, and a write as long'),
  ]
}

/** What memory is left over from very many ticks. */
export async function measureGrowth(): Promise<readonly Figure[]> {
  const { before, after } = (await drive('growth', String(MANY_TICKS))) as Growth
  const row = (what: string, from: number, to: number, most: number): Figure => {
    const grown = (to - from) / MB
    return {
      what: `${what} after ${MANY_TICKS.toLocaleString('en')} ticks`,
      plugin: `${(to / MB).toFixed(2)} MB`,
      peer: `${(from / MB).toFixed(2)} MB (before them)`,
      distance: `${grown < 0 ? '' : '+'}${grown.toFixed(2)} MB`,
      goal: { text: `no growth (under ${most} MB)`, met: grown < most },
    }
  }
  return [
    row('Heap in use', before.heapUsed, after.heapUsed, HEAP_GROWTH_MB),
    row('Resident memory', before.rss, after.rss, RESIDENT_GROWTH_MB),
  ]
}

/** Runs tick-driver.ts, bundled like the built plugin, with its stdout a real pipe that cat empties. */
async function drive(...args: string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-resets-bench-'))
  try {
    const driver = join(folder, 'tick-driver.cjs')
    await build({
      entryPoints: [join(__dirname, 'tick-driver.ts')],
      outfile: driver,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node10.4', // as in scripts/build.ts: the same code as the plugin's
      logLevel: 'warning',
    })
    // The host's charts alone: the search for containers has a bench of its own.
    writeFileSync(
      join(folder, 'tcp_resets.conf'),
      'namespaces:\n  enabled: false\ntracing:\n  enabled: false\n',
    )
    // The launcher's own flags, so that it is collected as often as in the plugin.
    const pipeline = '"$0" --expose-gc --max-semi-space-size=1 "$@" | cat >/dev/null'
    const child = spawn('sh', ['-c', pipeline, process.execPath, driver, ...args], {
      env: { PATH: process.env.PATH, NETDATA_USER_CONFIG_DIR: folder },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    })
    const ended = once(child, 'close')
    const answer = await text(child.stdio[3] as NodeJS.ReadableStream)
    await ended
    if (answer === '') throw new Error('the tick driver ended before it had an answer')
    return JSON.parse(answer)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
