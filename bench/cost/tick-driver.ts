import { openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { systemTime, type Time } from '../../plugin/clock'
import { createLog } from '../../plugin/log'
import { output } from '../../plugin/netdata/output'
import { runPlugin } from '../../plugin/plugin'
import { usualMemory } from '../../plugin/usual-memory'

// A process of its own, for nothing else to be in its CPU time: the plugin at work, with a clock that the bench drives.
// Its answer, JSON, goes to descriptor 3.

/** Microseconds of CPU, user and system and all threads, for one turn of each kind. */
export interface Round {
  readonly plugin: number
  readonly pread: number
  /** The preads, and a write as long as the plugin's: it wakes the reader, which costs as much as a file. */
  readonly publish: number
  /** A turn of the event loop with nothing in it. */
  readonly empty: number
}

/** Bytes, each after a garbage collection. */
export interface Growth {
  readonly before: NodeJS.MemoryUsage
  readonly after: NodeJS.MemoryUsage
}

type Act = () => void

const TURNS = 5_000
/** The first ones are thrown away: the compiler is still at work. */
const WARM_UP_ROUNDS = 3
const ROUNDS = 11
const WARM_UP_TICKS = 100_000

const ANSWER_FD = 3

/** The real clock, but for a second that passes between any two ticks. */
function drivenTime(): { time: Time; tick: Act; armed(): boolean } {
  let ticks = 0
  let wake: Act | undefined
  const time: Time = {
    wall: systemTime.wall,
    monotonic: () => systemTime.monotonic() + ticks * 1000,
    in(_, next) {
      wake = next
      return () => {}
    },
  }
  return {
    time,
    tick() {
      ticks++
      wake?.()
    },
    armed: () => wake !== undefined,
  }
}

/** Bytes that this process has written so far, to whatever. */
function bytesWritten(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])
}

/** The least that a plugin for these numbers has to do. */
function preads(): Act {
  const files = ['/proc/net/snmp', '/proc/net/netstat'].map(path => openSync(path, 'r'))
  const buffer = Buffer.allocUnsafeSlow(16 * 1024)
  return () => {
    for (const fd of files) readSync(fd, buffer, 0, buffer.length, 0)
  }
}

/** CPU of one turn, on the average of many, each from the event loop anew: what an act puts off counts as well. */
function cpuOfTurn(act: Act): Promise<number> {
  return new Promise(resolve => {
    let left = TURNS
    const before = process.cpuUsage()
    const turn = (): void => {
      // With the pipe full the plugin would skip the tick, and seem cheaper than it is.
      if (process.stdout.writableLength > 0) {
        setTimeout(turn, 1)
        return
      }
      act()
      if (--left > 0) {
        setImmediate(turn)
        return
      }
      const { user, system } = process.cpuUsage(before)
      resolve((user + system) / TURNS)
    }
    turn()
  })
}

async function rounds(tick: Act): Promise<readonly Round[]> {
  const { stdout } = process
  const written = bytesWritten()
  tick()
  const text = 'x'.repeat(bytesWritten() - written)
  const pread = preads()
  const out = output(stdout, () => {})
  const publish = (): void => {
    pread()
    out.write(text)
  }
  const all: Round[] = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    all.push({
      plugin: await cpuOfTurn(tick),
      pread: await cpuOfTurn(pread),
      publish: await cpuOfTurn(publish),
      empty: await cpuOfTurn(() => {}),
    })
  }
  return all.slice(WARM_UP_ROUNDS)
}

async function growth(tick: Act, ticks: number): Promise<Growth> {
  const settled = (): NodeJS.MemoryUsage => {
    for (let times = 0; times < 4; times++) globalThis.gc?.()
    return process.memoryUsage()
  }
  const run = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += TURNS) await cpuOfTurn(tick)
  }
  await run(WARM_UP_TICKS) // until the heap's young part has all the room it ever takes
  const before = settled()
  await run(ticks)
  return { before, after: settled() }
}

async function main(what = '', ticks = ''): Promise<void> {
  const { time, tick, armed } = drivenTime()
  const { env, platform, stdout } = process
  const log = createLog(env)
  const onReread = (): void => {}
  const usual = usualMemory(undefined, log)
  const all = { interval: 1, env, platform, program: __filename, stdout, onReread, time, usual, log }
  const ended = runPlugin(all).then(() => {
    throw new Error('the reader of stdout has gone')
  })
  const work = async (): Promise<unknown> => {
    while (!armed()) await new Promise(setImmediate) // the first tick is its own
    const written = bytesWritten()
    const answer = what === 'growth' ? await growth(tick, Number(ticks)) : await rounds(tick)
    if (bytesWritten() - written < 100 * TURNS) throw new Error('the ticks wrote nothing')
    return answer
  }
  writeSync(ANSWER_FD, JSON.stringify(await Promise.race([work(), ended])))
  process.exit(0)
}

main(...process.argv.slice(2)).catch(error => {
  console.error(error)
  process.exit(1)
})
