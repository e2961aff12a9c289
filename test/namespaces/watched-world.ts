import { execFileSync } from 'node:child_process'
import { dist } from '../../scripts/build'
import { type Agent, startAgent } from '../../scripts/private-agent'
import { makeWorld, type World } from './world'

/** A real agent in a network namespace of its own, that sees those of a world and no others. */
export interface WatchedWorld {
  readonly world: World
  readonly agent: Agent
  readonly names: readonly string[]
  /** The process of each name. */
  readonly pids: Map<string, number>
}

/** How long a new namespace waits for its chart, at most. */
const MIN_AGE = 60_000

export const chartOf = (name: string): string => `ipv4.tcp_resets_${name}`

/**
 * Starts namespaces and an agent, and waits until each of them has its chart.
 *
 * @param alarms a file of alarms beside our own
 * @param start starts one of them
 */
export async function watchWorld(
  t: { teardown(fn: () => unknown): unknown },
  count: number,
  alarms = '',
  start: (world: World, name: string) => Promise<number> = (world, name) => world.start(name),
): Promise<WatchedWorld> {
  const world = makeWorld(t)
  const own = `tcp-resets-${process.pid}-${world.prefix}`
  execFileSync('ip', ['netns', 'add', own])
  t.teardown(() => execFileSync('ip', ['netns', 'del', own]))
  execFileSync('ip', ['-n', own, 'link', 'set', 'lo', 'up'])

  const names = Array.from({ length: count }, (_, at) => `${world.prefix}-${at}`)
  const pids = new Map<string, number>()
  for (const name of names) pids.set(name, await start(world, name))

  const agent = await startAgent({
    dist,
    netns: own,
    hostname: 'namespaces-test',
    stockCollectors: false,
    files: {
      'tcp_resets.conf': `namespaces:\n  include: '${world.prefix}*'\n`,
      'health.d/test.conf': alarms,
    },
  })
  t.teardown(() => agent.stop())
  for (const name of names) await agent.waitForChart(chartOf(name), MIN_AGE)
  return { world, agent, names, pids }
}

type Rows = [time: number, value: number | null][]

/** What is stored of the last five minutes, the newest first, in resets a second. */
export async function rowsOf(agent: Agent, chart: string, dimension: string): Promise<Rows> {
  const query = `chart=${chart}&dimensions=${dimension}&after=-300&format=json`
  const { data } = (await agent.json(`/api/v1/data?${query}`)) as { data: Rows }
  return data
}

/** The sum of all that is stored, in resets. */
export async function total(agent: Agent, chart: string, dimension: string): Promise<number> {
  const sum = (await rowsOf(agent, chart, dimension)).reduce((sum, [, value]) => sum + (value ?? 0), 0)
  return Math.round(sum * 100) / 100
}

/** Waits until so many resets are stored. */
export function untilTotal(agent: Agent, chart: string, dimension: string, expected: number): Promise<true> {
  return agent.waitFor(
    `${chart} has ${expected} ${dimension}`,
    async () => (await total(agent, chart, dimension)) === expected || undefined,
  )
}

/** The charts of the dashboard, by id. */
export async function charts(agent: Agent): Promise<Record<string, object>> {
  return ((await agent.json('/api/v1/charts')) as { charts: Record<string, object> }).charts
}
