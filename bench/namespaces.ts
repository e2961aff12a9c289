import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeWorld } from '../test/namespaces/world'
import { compile } from './compile'
import { callFunction, MADE_UP, searchMadeUp } from './namespaces/function-calls'

// What containers cost: the built plugin, as it is, with real namespaces around it.

const COUNTS = [1, 10, 100, 1000]
/** As many processes as a large host has. */
const MANY_PROCESSES = 20_000
/** Processes of others that must still be able to start. */
const ROOM_FOR_OTHERS = 5000
const SECONDS = 10
/** A namespace gets its chart no sooner, counted from the start of its first process. */
const MIN_AGE = 31_000

const here = join(__dirname, 'namespaces')
const plugin = join(__dirname, '..', 'dist', 'plugins.d', 'tcp_resets.plugin')

interface Usage {
  /** Microseconds of CPU time. */
  readonly cpu: number
  /** Milliseconds of CPU time of the longest piece of work: so long everything else had to wait. */
  readonly longest: number
  /** Memory, kB. */
  readonly pss: number
}

interface Row {
  readonly namespaces: number
  readonly charts: number
  readonly processes: number
  /** Of the start, while every process is looked at for the first time, and of SECONDS ticks after that. */
  readonly start: Usage
  readonly ticks: Usage
  /** Microseconds that a C program needs to read the same files once. */
  readonly c: number | undefined
}

/** Things to be undone at the end, the latest first. */
type Undo = (() => unknown)[]

/** Runs the built plugin and measures it, once its charts are all there. */
async function measure(dir: string, max: number, enabled: boolean, known: number): Promise<[Usage, Usage]> {
  writeFileSync(join(dir, 'tcp_resets.conf'), `namespaces:\n  enabled: ${enabled}\n  max: ${max}\n`)
  // In the place of Node: so the plugin's launcher gives it the options that it is shipped with.
  const node = `#!/bin/sh\nexec '${process.execPath}' --require '${join(here, 'gauge.cjs')}' "$@"\n`
  writeFileSync(join(dir, 'node'), node, { mode: 0o755 })
  const child = spawn(plugin, ['1'], {
    env: { PATH: [dir, process.env.PATH].join(delimiter), NETDATA_USER_CONFIG_DIR: dir },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  })
  let values = new Map<string, number>()
  createInterface(child.stdout as Readable).on('line', line => {
    const [word, name = '', , value] = line.split(' ')
    if (word === 'SET') values.set(name, Number(value))
  })
  const answers = createInterface(child.stdio[3] as Readable)
  const ask = async (): Promise<Usage> => {
    child.stdin?.write('measure\n')
    const [line] = await once(answers, 'line')
    return JSON.parse(line as string)
  }
  const shown = (): number => (values.get('own_chart') ?? 0) + (values.get('summed') ?? 0)
  for (let tries = 0; enabled ? shown() < known : values.size === 0; tries++) {
    if (tries > 600) throw new Error(`expected ${known} namespaces, found ${shown()}`)
    await sleep(100)
  }
  await sleep(3000)
  const start = await ask()
  await sleep(SECONDS * 1000)
  const ticks = await ask()
  values = new Map()
  await end(child)
  return [start, ticks]
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.stdin?.end()
  await exit
}

async function makeProcesses(program: string, count: number, undo: Undo): Promise<void> {
  const child = spawn(program, [String(count)], { stdio: ['pipe', 'pipe', 'inherit'] })
  undo.push(() => end(child))
  await once(child.stdout as Readable, 'data')
}

const processCount = (): number => Number(execFileSync('sh', ['-c', 'ls -d /proc/[0-9]* | wc -l']))

/** As many as are called for, or as this machine has room for. */
const mostProcesses = (): number =>
  Math.min(MADE_UP, Number(readFileSync('/proc/sys/kernel/pid_max', 'latin1')) - ROOM_FOR_OTHERS)

/** Least squares through the rows: what one namespace more costs. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x0, y0] = [mean(0), mean(1)]
  const above = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0)
  return above / points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0)
}

function print(rows: readonly Row[]): void {
  const lines = rows.map(({ namespaces, charts, processes, start, ticks, c }) => [
    String(namespaces),
    String(charts),
    String(processes),
    (ticks.cpu / SECONDS / 1000).toFixed(1),
    c === undefined ? '-' : (c / 1000).toFixed(1),
    ticks.longest.toFixed(1),
    start.longest.toFixed(1),
    (ticks.pss / 1024).toFixed(0),
  ])
  const head = [
    ...['namespaces', 'own charts', 'processes', 'CPU ms a tick', 'C, the same files, ms'],
    ...['longest stall, ms', 'at the start, ms', 'memory MB (PSS)'],
  ]
  for (const line of [head, head.map(() => '---:'), ...lines]) console.log(`| ${line.join(' | ')} |`)

  const straight = rows.filter(
    ({ namespaces, charts, processes }) => charts === namespaces && processes < 10_000,
  )
  const perTick = slope(straight.map(({ namespaces, ticks }) => [namespaces, ticks.cpu / SECONDS]))
  const inC = slope(straight.map(({ namespaces, c }) => [namespaces, c ?? Number.NaN]))
  const memory = slope(straight.map(({ namespaces, ticks }) => [namespaces, ticks.pss]))
  console.log(`
One namespace with charts of its own: ${perTick.toFixed(0)} µs of CPU time a tick (reading its two files in C: \
${inC.toFixed(0)} µs), and ${memory.toFixed(1)} kB.`)
}

/** What calls of the Function cost, beside all that is there by now. */
async function printCalls(): Promise<void> {
  const processes = processCount()
  const cost = await callFunction(Math.max(...COUNTS))
  if (typeof cost === 'string') {
    console.log(`\nCalls of the Function: skipped: ${cost}`)
    return
  }
  const { without, withCalls, answer } = cost
  console.log(`
Calls of the Function that look for owners among ${processes} processes, beside ${Math.max(...COUNTS)} namespaces: the longest \
turn of the event loop takes ${withCalls.toFixed(1)} ms of CPU time (without calls: ${without.toFixed(1)} ms), and the slowest \
answer ${(answer / 1000).toFixed(1)} s. The search alone, through ${MADE_UP} made-up processes: at most \
${(await searchMadeUp()).toFixed(1)} ms in one turn.`)
}

/** Prints the table. Needs root, and about four minutes. */
export async function namespaces(): Promise<void> {
  const undo: Undo = []
  try {
    if (process.getuid?.() !== 0) throw new Error('needs root to make network namespaces')
    const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-bench-'))
    undo.push(() => rmSync(dir, { recursive: true }))
    const reader = compile(join(here, 'read-files.c'), dir)
    const sleepers = compile(join(here, 'sleepers.c'), dir)
    const world = makeWorld({ teardown: fn => undo.push(fn) })

    const names = Array.from({ length: Math.max(...COUNTS) }, (_, at) => `b${at}`)
    const pids: number[] = []
    for (const name of names) pids.push(await world.born(name))
    await sleep(MIN_AGE)

    const rows: Row[] = []
    const row = async (count: number, max: number, enabled = true): Promise<void> => {
      const [start, ticks] = await measure(dir, max, enabled, count)
      const args = pids.slice(0, count).map(String)
      const c = reader === undefined ? undefined : Number(execFileSync(reader, args))
      rows.push({
        namespaces: count,
        charts: Math.min(count, max),
        processes: processCount(),
        start,
        ticks,
        c,
      })
    }
    await row(0, 0, false)
    let left = 0
    for (const count of COUNTS) {
      for (; left < count; left++) await world.leave(names[left] ?? '')
      await row(count, 1000)
    }
    await row(1000, 200)
    if (sleepers !== undefined) {
      await makeProcesses(sleepers, MANY_PROCESSES - processCount(), undo)
      await row(1000, 200)
    }
    print(rows)
    if (sleepers !== undefined) await makeProcesses(sleepers, mostProcesses() - processCount(), undo)
    await printCalls()
  } finally {
    for (const act of undo.reverse()) await act()
  }
}

if (require.main === module) {
  namespaces().catch(error => {
    console.error(error)
    process.exitCode = 1
  })
}
