/**
 * Runs a plugin inside a network namespace and keeps what it publishes: chart → dimension → last value.
 * The protocol is the agent's plugins.d: https://learn.netdata.cloud/docs/developer-and-contributor-corner/external-plugins
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Chart id → dimension id → value. A dimension that was left out or empty in the tick is absent. */
export type Charts = ReadonlyMap<string, ReadonlyMap<string, bigint>>

export type Tick = {
  /** Ticks so far, this one included. */
  readonly number: number
  readonly charts: Charts
}

export type PluginReader = {
  /** Everything announced so far: chart id → dimension ids in order. */
  readonly announced: ReadonlyMap<string, readonly string[]>
  readonly ticks: () => number
  /**
   * The first tick whose values were surely read after this call. It takes up to two intervals; rejects when the
   * plugin ends, or says nothing for `patience` milliseconds.
   */
  readonly nextTick: (patience?: number) => Promise<Tick>
  /** What the plugin said on stderr. */
  readonly log: () => string
  readonly stop: () => Promise<void>
}

/** A tick reads its sources right before it writes: one that is seen this soon may have read before the call. */
const READ_TO_WRITE_MS = 150

/** Longer than the pieces of one write lie apart on a busy machine, shorter than an interval. */
const BURST_MS = 40

/** Words of a protocol line; quotes, single or double, hold words together. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"=]+)|=/g)].map(([all, one, two]) => one ?? two ?? all)

type Waiter = { since: number; resolve: (tick: Tick) => void; reject: (why: Error) => void }

export const readPlugin = (namespace: string, command: string, ...args: string[]): PluginReader => {
  // tap's own --import in NODE_OPTIONS is not for the plugin: Node refuses a file named .plugin with it.
  const inside = ['netns', 'exec', namespace, 'env', '--unset', 'NODE_OPTIONS', command, ...args]
  const child = spawn('ip', inside, { stdio: ['ignore', 'pipe', 'pipe'] })
  const announced = new Map<string, string[]>()
  const waiters = new Set<Waiter>()
  let log = ''
  let ticks = 0
  let values = new Map<string, Map<string, bigint>>()
  let began = 0
  let dimensions: string[] | undefined
  let open: Map<string, bigint> | undefined
  let burst: NodeJS.Timeout | undefined
  let ended: Error | undefined

  const tickIsOver = (): void => {
    ticks += 1
    const tick = { number: ticks, charts: values }
    values = new Map()
    for (const waiter of waiters) if (began - waiter.since >= READ_TO_WRITE_MS) waiter.resolve(tick)
  }

  const read = (line: string): void => {
    const [word, id = '', ...rest] = words(line)
    switch (word) {
      case 'CHART':
        dimensions = []
        announced.set(id, dimensions)
        return
      case 'DIMENSION':
        dimensions?.push(id)
        return
      case 'BEGIN':
        clearTimeout(burst)
        if (values.has(id)) tickIsOver()
        if (values.size === 0) began = performance.now()
        open = new Map()
        values.set(id, open)
        return
      case 'SET': {
        const value = rest[0] === '=' ? rest[1] : rest[0]
        if (value) open?.set(id, BigInt(value))
        return
      }
      case 'END':
        open = undefined
        burst = setTimeout(tickIsOver, BURST_MS)
        return
    }
  }

  createInterface({ input: child.stdout }).on('line', read)
  child.stderr.setEncoding('utf8').on('data', text => {
    log += text
  })
  const closed = new Promise<void>(resolve => {
    const end = (how: string): void => {
      clearTimeout(burst)
      ended = new Error(`${command} in ${namespace} ended: ${how}\n${log}`)
      for (const waiter of waiters) waiter.reject(ended)
      resolve()
    }
    child.once('error', error => end(error.message))
    child.once('close', (code, signal) => end(signal ?? `exit ${code}`))
  })

  return {
    announced,
    ticks: () => ticks,
    log: () => log,
    nextTick: async (patience = 30_000) => {
      if (ended) throw ended
      return new Promise<Tick>((resolve, reject) => {
        const done = (): void => {
          clearTimeout(late)
          waiters.delete(waiter)
        }
        const fail = (why: Error): void => {
          done()
          reject(why)
        }
        const waiter: Waiter = {
          since: performance.now(),
          resolve: tick => {
            done()
            resolve(tick)
          },
          reject: fail,
        }
        const late = setTimeout(
          () => fail(new Error(`${command} in ${namespace}: no tick in ${patience} ms\n${log}`)),
          patience,
        )
        waiters.add(waiter)
      })
    },
    stop: async () => {
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), 3000)
      await closed
      clearTimeout(kill)
    },
  }
}
