import type { Direction, ResetEvent } from './event'
import { type Frequent, frequent } from './frequent'
import { type Stage, stageOf } from './stage'

/** Who reset whom. Without a port: many ports; without a peer: many peers. */
export interface TopReset {
  readonly direction: Direction
  /** In the kernel's spelling; absent for received ones, and on kernels that name none. */
  readonly reason?: string | undefined
  readonly stage: Stage
  /** Whose it was: `host`, or the name that a container's charts have. Absent where the kernel does not tell. */
  readonly container?: string | undefined
  /** Whether TCP surely took no notice of it. */
  readonly ignored?: true | undefined
  readonly localPort?: number | undefined
  /** An address, or UNKNOWN_PEER. */
  readonly peer?: string | undefined
  /** The peer's port, where it was the same each time. */
  readonly peerPort?: number | undefined
  readonly family?: 'IPv4' | 'IPv6' | undefined
  /** This host's address, where it was the same each time. */
  readonly localAddress?: string | undefined
  /** The process that sent at least half of them, where the kernel told. */
  readonly task?: string | undefined
  /** Resets, not below 0. Scaled up where not every one could be read. */
  readonly count: number
  /** Resets a second, lately. */
  readonly rate: number
  /** Monotonic milliseconds. */
  readonly lastSeen: number
}

export interface TopResets {
  /**
   * @param resets how many it stands for
   * @param now monotonic milliseconds
   * @param container whose it was
   */
  add(event: ResetEvent, resets: number, now: number, container?: string): void
  /** The largest first, followed by what they leave over. No reset is in two rows. */
  rows(now: number): readonly TopReset[]
  /** By how much a count can be too low, at most. What is missing there is in the rows for many ports or peers. */
  error(): number
}

/** The peer of a reset whose event names none. */
export const UNKNOWN_PEER = 'unknown'

/** Keys of each kind that are remembered, so an error of a thousandth of all resets. */
export const CAPACITY = 1024
/** The table covers one to two of these. */
const GENERATION_MS = 15 * 60_000
/** The rate is the average over about this time, with the latest counting most. */
const RATE_MS = 10_000
/** A port is shown by itself where it has more than this part of its peer's resets: a scan is one row. */
const PART_OF_PEER = 1 / 10
const MAX_ROWS = 500
const MAX_PORT_ROWS = 50

type Kind = Pick<TopReset, 'direction' | 'reason' | 'stage' | 'container' | 'ignored'>
type What = Kind & Pick<TopReset, 'localPort' | 'peer'>
/** Always of the same keys: what differs would be slow. */
type Entry = { -readonly [Key in keyof TopReset]-?: TopReset[Key] } & {
  /** By how many resets its task is ahead of all other tasks and of none (Boyer and Moore's majority vote). */
  lead: number
}
type Level = Frequent<Entry>
type Rows = ReadonlyMap<string, Entry>

/** A reset counts at each of the levels: by itself, by its peer, by its port, and only by what kind it is. */
interface Generation {
  readonly single: Level
  readonly peers: Level
  readonly ports: Level
  readonly kinds: Level
}

const kindOf = ({ direction, reason, stage, container, ignored }: Kind): string =>
  `${direction} ${reason} ${stage} ${ignored} ${container}`
const peerOf = (what: What): string => `${kindOf(what)} ${what.peer}`
const portOf = (what: What): string => `${kindOf(what)} ${what.localPort}`

/** The resets of the last quarter to half an hour, in bounded memory, whoever sends them. */
export function topResets(): TopResets {
  let current = newGeneration()
  let previous = newGeneration()
  let began: number | undefined

  const rotate = (now: number): void => {
    began ??= now
    if (now - began < GENERATION_MS) return
    previous = now - began < 2 * GENERATION_MS ? current : newGeneration()
    current = newGeneration()
    began = now
  }

  const merged = (level: keyof Generation, now: number): Map<string, Entry> => {
    const rows = new Map<string, Entry>()
    for (const generation of [previous, current]) {
      for (const [key, entry] of generation[level].entries()) {
        const before = rows.get(key)
        if (before === undefined) rows.set(key, { ...entry })
        else merge(before, entry)
      }
    }
    for (const row of rows.values()) {
      row.rate = faded(row, now)
      // Ahead by half of all: then at least half of them are its own.
      if (row.lead < row.count / 2) row.task = undefined
    }
    return rows
  }

  return {
    add(event, resets, now, container) {
      rotate(now)
      const { direction, reason, ignored, localPort, peer = UNKNOWN_PEER } = event
      const kind = { direction, reason, stage: stageOf(event.state), container, ignored }
      const kindKey = kindOf(kind)
      const peerKey = `${kindKey} ${peer}`
      const count = (level: Level, key: string, port?: number, from?: string): void => {
        const entry = level.add(key, resets, () => newEntry(event, kind, port, from, now))
        keepCommon(entry, event, resets)
        entry.rate = faded(entry, now) + resets / (RATE_MS / 1000)
        entry.lastSeen = now
      }
      count(current.single, `${peerKey} ${localPort}`, localPort, peer)
      count(current.peers, peerKey, undefined, peer)
      count(current.ports, `${kindKey} ${localPort}`, localPort)
      count(current.kinds, kindKey)
    },
    rows(now) {
      rotate(now)
      const peers = merged('peers', now)
      const singles = [...merged('single', now).values()].filter(
        row => row.count > PART_OF_PEER * (peers.get(peerOf(row))?.count ?? 0),
      )
      const largest = sorted([...singles, ...leftOf(peers, singles, peerOf).values()]).slice(0, MAX_ROWS)
      const shown = new Set(largest)
      const shownSingles = singles.filter(row => shown.has(row))
      const peersLeft = leftOf(peers, shownSingles, peerOf)
      const shownPeers = largest.flatMap(row => {
        const left = row.localPort === undefined ? peersLeft.get(peerOf(row)) : undefined
        return left === undefined ? [] : [left]
      })

      const kinds = leftOf(merged('kinds', now), [...shownSingles, ...shownPeers], kindOf)
      const shownPorts: TopReset[] = []
      for (const row of sorted([...leftOf(merged('ports', now), shownSingles, portOf).values()])) {
        if (shownPorts.length === MAX_PORT_ROWS) break
        // Some of what came to this port may be in the rows of peers: never more than is left of its kind.
        const left = kinds.get(kindOf(row))
        if (left === undefined) continue
        const port = { ...row, count: Math.min(row.count, left.count), rate: Math.min(row.rate, left.rate) }
        if (!isWorthARow(port)) continue
        kinds.set(kindOf(row), minus(left, port))
        shownPorts.push(port)
      }
      return sorted([...shownSingles, ...shownPeers, ...shownPorts, ...kinds.values()])
    },
    error() {
      const missed = ({ single, peers, ports }: Generation): number =>
        Math.max(single.missed(), peers.missed(), ports.missed())
      return missed(previous) + missed(current)
    },
  }
}

function newGeneration(): Generation {
  const level = (): Level => frequent(CAPACITY)
  return { single: level(), peers: level(), ports: level(), kinds: level() }
}

function newEntry(
  { family, localAddress, peerPort, task }: ResetEvent,
  kind: Kind,
  localPort: number | undefined,
  peer: string | undefined,
  now: number,
): Entry {
  return {
    direction: kind.direction,
    reason: kind.reason,
    stage: kind.stage,
    container: kind.container,
    ignored: kind.ignored,
    localPort,
    peer: peer && copyOf(peer),
    peerPort,
    family,
    localAddress: localAddress && copyOf(localAddress),
    task: task && copyOf(task),
    lead: 0,
    count: 0,
    rate: 0,
    lastSeen: now,
  }
}

/** A copy. A piece of a larger string keeps all of that in memory, and here it would for long. */
function copyOf(text: string): string {
  return Buffer.from(text).toString()
}

/** Keeps what is the same in all resets of an entry, and the task that is ahead. */
function keepCommon(
  entry: Entry,
  { family, localAddress, peerPort, task }: Pick<TopReset, 'family' | 'localAddress' | 'peerPort' | 'task'>,
  votes: number,
): void {
  if (entry.family !== family) entry.family = undefined
  if (entry.localAddress !== localAddress) entry.localAddress = undefined
  if (entry.peerPort !== peerPort) entry.peerPort = undefined
  entry.lead += entry.task === task ? votes : -votes
  if (entry.lead >= 0) return
  entry.task = task && copyOf(task)
  entry.lead = -entry.lead
}

function merge(into: Entry, later: Entry): void {
  keepCommon(into, later, later.lead)
  into.count += later.count
  into.rate = faded(into, later.lastSeen) + later.rate
  into.lastSeen = later.lastSeen
}

function faded({ rate, lastSeen }: Pick<TopReset, 'rate' | 'lastSeen'>, now: number): number {
  return rate * Math.exp((lastSeen - now) / RATE_MS)
}

/** What the parts leave of each whole; wholes of which nothing is left are not there. */
function leftOf(wholes: Rows, parts: readonly TopReset[], keyOf: (what: What) => string): Map<string, Entry> {
  const left = new Map(wholes)
  for (const part of parts) {
    const key = keyOf(part)
    const whole = left.get(key)
    if (whole !== undefined) left.set(key, minus(whole, part))
  }
  for (const [key, row] of left) if (!isWorthARow(row)) left.delete(key)
  return left
}

function minus(whole: Entry, part: TopReset): Entry {
  const count = Math.max(0, whole.count - part.count)
  // All of the part may have been that task's.
  const lead = Math.max(0, whole.lead - part.count)
  return {
    ...whole,
    count,
    lead,
    rate: Math.max(0, whole.rate - part.rate),
    task: lead < count / 2 ? undefined : whole.task,
  }
}

function isWorthARow({ count }: TopReset): boolean {
  return count >= 0.5
}

function sorted(rows: TopReset[]): TopReset[] {
  return rows.sort((a, b) => b.count - a.count || b.lastSeen - a.lastSeen)
}
