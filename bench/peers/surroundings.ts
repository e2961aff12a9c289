import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeWorld } from '../../test/namespaces/world'
import { compile } from '../compile'
import { median } from '../median'
import type { Table } from '../table'
import { type Contender, LIMIT, makeContest, NODE, PYTHON, SHIPPED } from './contenders'
import { type Running, start } from './running'
import { useOf } from './use'

const ROUNDS = 3
const WINDOW_S = 15
/** V8 tidies up and compiles for so long after a start; what has just begun is more than 30 s old then. */
const SETTLE_S = 35
/** New processes were looked at, and those that have ended are forgotten. */
const CHANGE_S = 20

const FEW_PROCESSES = 200
const MANY_PROCESSES = 1000
const STARTS_A_SECOND = [10, 300]

const NOTE = `The search for containers costs more where more happens: the plugin as shipped, with no container, and the others as above.
Microseconds of CPU a tick, medians of ${ROUNDS} windows of ${WINDOW_S} s, each of which comes after one of every other row. The
silent namespace belongs to a process that has no traffic in it, like a service with \`PrivateNetwork=yes\`.`

type Undo = () => unknown

/** What is going on around the contenders. Makes it so, and gives what ends it. */
interface Surrounding {
  readonly name: string
  begin(): Promise<Undo>
}

/** The same four with other things going on around them. Undefined where there is no compiler, or nothing to compare with. */
export async function surroundingsTable(): Promise<Table | undefined> {
  const contest = await makeContest()
  const undo: Undo[] = [contest.remove]
  try {
    const four = [SHIPPED, PYTHON, NODE, LIMIT].map(name =>
      contest.contenders.find(contender => contender.name === name),
    )
    const surroundings = makeSurroundings(contest.dir, undo)
    if (surroundings === undefined || four.includes(undefined)) return undefined
    const running = four.map(contender => run(contender as Contender))
    undo.push(() => Promise.all(running.map(({ stop }) => stop())))
    return tableOf(await measure(running, surroundings))
  } finally {
    for (const act of undo.reverse()) await act()
  }
}

const run = ({ command, args, env }: Contender): Running => start(command, args, env)

function makeSurroundings(dir: string, undo: Undo[]): Surrounding[] | undefined {
  const starter = compile(join(__dirname, 'starter.c'), dir)
  const sleepers = compile(join(__dirname, '..', 'namespaces', 'sleepers.c'), dir)
  if (starter === undefined || sleepers === undefined) return undefined
  const fill = (count: number): Running => start(sleepers, [String(Math.max(0, count - processCount()))])
  const few = fill(FEW_PROCESSES)
  undo.push(() => few.stop())
  const program = (begin: () => Running) => async (): Promise<Undo> => begin().stop
  const silent = async (): Promise<Undo> => {
    let end: Undo = () => {}
    const world = makeWorld({ teardown: act => (end = act) })
    await world.born('silent')
    await world.hush('silent')
    await sleep(SETTLE_S * 1000)
    return end
  }
  return [
    { name: `${FEW_PROCESSES} processes, nothing starts`, begin: async () => () => {} },
    ...STARTS_A_SECOND.map(rate => ({
      name: `${rate} programs a second start and end`,
      begin: program(() => start(starter, [String(rate)])),
    })),
    { name: 'a silent network namespace', begin: silent },
    { name: `${MANY_PROCESSES} processes`, begin: program(() => fill(MANY_PROCESSES)) },
  ]
}

/** @returns for each surrounding, microseconds a second of each that runs */
async function measure(
  running: readonly Running[],
  surroundings: readonly Surrounding[],
): Promise<ReadonlyMap<string, number[]>> {
  await sleep(SETTLE_S * 1000)
  const windows = new Map<string, number[][]>(surroundings.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, begin } of surroundings) {
      const end = await begin()
      await sleep(CHANGE_S * 1000)
      const before = running.map(({ pid }) => useOf(pid).cpu)
      await sleep(WINDOW_S * 1000)
      windows.get(name)?.push(running.map(({ pid }, at) => (useOf(pid).cpu - (before[at] ?? 0)) / WINDOW_S))
      await end()
    }
  }
  const medians = [...windows].map(([name, all]): [string, number[]] => [
    name,
    running.map((_, at) => median(all.map(window => window[at] ?? Number.NaN))),
  ])
  return new Map(medians)
}

function tableOf(results: ReadonlyMap<string, number[]>): Table {
  const [first = Number.NaN] = [...results.values()][0] ?? []
  return {
    title: 'Cost, by what else happens',
    note: NOTE,
    head: [
      ...['', 'plugin', 'python.d', 'Node, idle', 'C', 'to python.d (goal: below 1)'],
      ...['to C and Node together (goal: 2.2 at most)', 'to the first row'],
    ],
    rows: [...results].map(([name, all]) => {
      const [plugin = NaN, python = NaN, node = NaN, c = NaN] = all
      const ratios = [plugin / python, plugin / (c + node), plugin / first]
      return [name, ...all.map(value => value.toFixed(0)), ...ratios.map(ratio => `${ratio.toFixed(2)} ×`)]
    }),
  }
}

const processCount = (): number => readdirSync('/proc').filter(name => Number(name) > 0).length
