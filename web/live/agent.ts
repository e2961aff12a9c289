import { type Alarms, readAlarms, readLabels, readNodes, readSeries, type Series } from './answers'
import { type Recording, readRecordings } from './recordings'
import { WINDOW } from './scale'
import { type Direction, type Offer, readOffer, readTop, type TopReset } from './top'

/** The dimensions that the page draws. */
const LINES = ['sent', 'received'] as const

/** No answer after this long is none. */
const PATIENCE_MS = 10_000

/** The agent said that there is no such thing; asking again won't help. */
export class NotThere extends Error {}

/** The agent, or what is before it, does not tell it to this browser; another time it may. */
export class Refused extends NotThere {
  constructor(readonly status: 401 | 403 | 412 | 451) {
    super()
  }
}

/** The agent that serves the page, or the node on it that the page is of. */
export interface Agent {
  /** What its addresses begin with: empty, `/host/<name>`, or what a proxy puts before. */
  readonly base: string
  /** The raised alarms; with `?all`, every one. */
  alarms(which: '' | '?all'): Promise<Alarms>
  /** Undefined where there is no such chart, or no value of the time; rejects when the agent does not answer. */
  series(chart: string, now: number): Promise<Series | undefined>
  labels(chart: string): Promise<Record<string, string>>
  nodes(): Promise<string[]>
  /** Who may have the table of a Function; undefined where there is none. */
  offer(name: string): Promise<Offer | undefined>
  /** What was recorded, the newest first. */
  recordings(): Promise<Recording[] | undefined>
  /** The busiest rows of the table of who resets whom. */
  top(direction: Direction, most: number, containers: readonly string[]): Promise<TopReset[] | undefined>
}

export function agentAt(base: string): Agent {
  const get = async (what: string): Promise<unknown> => {
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
    try {
      const answer = await fetch(`${base}/api/v1/${what}`, { signal: patience.signal, cache: 'no-store' })
      const { status } = answer
      if (status === 401 || status === 403 || status === 412 || status === 451) throw new Refused(status)
      if (status >= 400 && status < 500) throw new NotThere()
      if (!answer.ok) throw new Error(String(status))
      return parse(await answer.text())
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    base,
    alarms: async which => {
      const alarms = readAlarms(await get(`alarms${which}`))
      if (alarms === undefined) throw new NotThere()
      return alarms
    },
    series: async (chart, now) => {
      const times = `after=${Math.floor(now) - WINDOW}&before=${Math.floor(now)}`
      const query = `data?chart=${encodeURIComponent(chart)}&${times}&format=json`
      const answer = await get(query).catch(error => {
        if (error instanceof NotThere) return undefined
        throw error
      })
      return readSeries(answer, LINES)
    },
    labels: async chart => readLabels(await get(`chart?chart=${encodeURIComponent(chart)}`)),
    nodes: async () => readNodes(await get('info')),
    offer: async name => readOffer(await get('info'), name),
    recordings: async () => readRecordings(await get('function?function=tcp-resets-recordings')),
    top: async (direction, most, containers) =>
      readTop(await get(`function?function=tcp-resets%20resets:${direction}`), most, containers),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotThere()
  }
}
