import { cpus, getPriority, setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../median'
import { type Contender, HOST_ONLY, LIMIT_TELLS, makeContest, NODE_TELLS, SHIPPED } from './contenders'
import { timeToFirstData } from './first-data'
import { calibrate, followLateness } from './lateness'
import { type Running, start } from './running'
import { scrapeEachSecond } from './scrape'
import { systemCalls } from './system-calls'
import { type Memory, memoryOf, type Use, useOf } from './use'

const STARTS = 5
/** V8 tidies up and compiles for so long after a start. */
const SETTLE_S = 20
const WINDOWS = 5
const WINDOW_S = 20
export const MEASURED_S = WINDOWS * WINDOW_S
const TRACE_S = 10
const BUSY_LOOPS_PER_CORE = 2

/** What one program needs, medians. */
export interface Result {
  readonly name: string
  /** Microseconds of CPU a second, in which there is one tick. */
  readonly cpu: number
  readonly wakeups: number
  readonly memory: Memory
  readonly systemCalls: number | undefined
  /** Milliseconds. */
  readonly firstData: number | undefined
  /** Milliseconds after the whole second. Undefined for what does not tick at whole seconds, or is silent. */
  readonly idleLateness: readonly number[] | undefined
  readonly loadedLateness: readonly number[] | undefined
}

/** Those that tick at whole seconds and say so at once. */
const TELLERS: readonly string[] = [SHIPPED, HOST_ONLY, NODE_TELLS, LIMIT_TELLS]

/** Measures everything that can be had here. */
export async function holdContest(): Promise<{ results: readonly Result[]; left: readonly string[] }> {
  const contest = await makeContest()
  try {
    const { contenders, left } = await heats(contest.contenders)
    const running = await runIdle(contenders.map(({ contender }) => contender))
    const loaded = await runLoaded(contenders.map(({ contender }) => contender))
    const results = contenders.map(({ contender: { name }, firstData }, at) => ({
      name,
      firstData,
      ...(running[at] as Omit<Result, 'name' | 'firstData' | 'loadedLateness'>),
      loadedLateness: loaded.get(name),
    }))
    return { results, left: [...contest.missing.map(name => `${name} (not installed)`), ...left] }
  } finally {
    contest.remove()
  }
}

interface Started {
  readonly contender: Contender
  readonly firstData: number | undefined
}

/** The starts, in turn. What does not start here takes no further part. */
async function heats(
  contenders: readonly Contender[],
): Promise<{ contenders: readonly Started[]; left: readonly string[] }> {
  const times = new Map<Contender, (number | undefined)[]>(contenders.map(contender => [contender, []]))
  const left: string[] = []
  for (let round = 0; round < STARTS; round++) {
    for (const [contender, all] of times) {
      try {
        all.push(await timeToFirstData(contender))
      } catch (error) {
        times.delete(contender)
        left.push(`${contender.name} (${(error as Error).message})`)
      }
    }
  }
  const medianOf = (all: readonly (number | undefined)[]): number | undefined => {
    const seen = all.filter(time => time !== undefined)
    return seen.length === 0 ? undefined : median(seen)
  }
  return { contenders: [...times].map(([contender, all]) => ({ contender, firstData: medianOf(all) })), left }
}

/** All at the same time, as on a host that has them all, and looked at in the same windows. */
async function runIdle(
  contenders: readonly Contender[],
): Promise<Omit<Result, 'name' | 'firstData' | 'loadedLateness'>[]> {
  const running = contenders.map(run)
  try {
    await sleep(SETTLE_S * 1000)
    const lateness = running.map((one, at) =>
      TELLERS.includes(contenders[at]?.name ?? '') ? followLateness(one) : undefined,
    )
    const uses: Use[][] = []
    await windows(() => uses.push(running.map(({ pid }) => useOf(pid))))
    // A copy: what strace does to them does not count.
    const idle = lateness.map(late => late?.slice())
    const memory = running.map(({ pid }) => memoryOf(pid))
    const calls = await Promise.all(running.map(({ pid }) => systemCalls(pid, TRACE_S)))
    const perSecond = (at: number, what: keyof Use): number =>
      median(
        uses
          .slice(1)
          .map((now, window) => ((now[at]?.[what] ?? NaN) - (uses[window]?.[at]?.[what] ?? NaN)) / WINDOW_S),
      )
    return running.map((_, at) => ({
      cpu: perSecond(at, 'cpu'),
      wakeups: perSecond(at, 'wakeups'),
      memory: memory[at] as Memory,
      systemCalls: calls[at],
      idleLateness: idle[at],
    }))
  } finally {
    await Promise.all(running.map(({ stop }) => stop()))
  }
}

/** Those that say when they tick, on a machine with more to do than it can. */
async function runLoaded(contenders: readonly Contender[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const tellers = contenders.filter(({ name }) => TELLERS.includes(name))
  const running = tellers.map(run)
  const loops = Array.from({ length: BUSY_LOOPS_PER_CORE * cpus().length }, () =>
    start('sh', ['-c', 'while :; do :; done']),
  )
  try {
    await sleep(SETTLE_S * 1000)
    const lateness = running.map(followLateness)
    await windows(() => {})
    return new Map(tellers.map(({ name }, at) => [name, lateness[at] ?? []]))
  } finally {
    await Promise.all([...running, ...loops].map(({ stop }) => stop()))
  }
}

function run({ command, args, env, url }: Contender): Running {
  const running = start(command, args, env)
  if (url === undefined) return running
  const enough = scrapeEachSecond(url)
  running.ended.finally(enough).catch(() => {})
  return running
}

/**
 * Lets the windows pass. They begin and end between two ticks, and meanwhile the bench comes before what it measures:
 * else its own lateness would be in that of the others.
 */
async function windows(between: () => void): Promise<void> {
  const priority = getPriority()
  try {
    setPriority(-20)
  } catch {
    // Only root may.
  }
  try {
    for (let window = 0; window <= WINDOWS; window++) {
      if (window > 0) await sleep((WINDOW_S - 1) * 1000)
      await sleep(1000 - ((Date.now() + 500) % 1000))
      calibrate()
      between()
    }
  } finally {
    setPriority(priority)
  }
}

/** @param part 0.99: as much as 99 of 100 values are at most */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN
}
