/** The Function `tcp-resets` in the agent's answers: who may have its table, and the table's first rows. */

import { cellsOf, field, finite, record, text } from './answers'

/**
 * Who gets the table from this agent: `all` who ask it, those who `sign in` on its dashboard, or Netdata `cloud` only,
 * as before 1.45.
 */
export type Offer = 'all' | 'sign in' | 'cloud'

/** The table's columns that are told here. */
export interface TopReset {
  readonly peer: string
  readonly peerPort?: number
  readonly localPort?: number
  readonly service: string
  readonly process: string
  readonly reason: string
  /** `host`, or the name of the container's chart; absent where the kernel does not tell whose it was. */
  readonly container?: string
  readonly resets: number
  /** A second, of late. */
  readonly rate: number
}

export type Direction = 'sent' | 'received'

/** The rights that whoever reads the charts has. */
const EVERYBODYS = ['none', 'anonymous-data']

/** `/api/v1/info`; undefined when it lists no such Function. */
export function readOffer(answer: unknown, name: string): Offer | undefined {
  const listed = record(record(record(answer)?.functions)?.[name])
  if (listed === undefined) return undefined
  if (!Array.isArray(listed.access)) return 'cloud'
  return listed.access.every(right => EVERYBODYS.includes(right)) ? 'all' : 'sign in'
}

/** What stands in the column where the kernel does not tell. */
const NOT_TOLD = 'not told'

/**
 * The busiest rows of `/api/v1/function?function=tcp-resets`; undefined when that is not what it is.
 *
 * @param containers only theirs, and what may be theirs; none for all
 */
export function readTop(
  answer: unknown,
  most: number,
  containers: readonly string[] = [],
): TopReset[] | undefined {
  return cellsOf(answer)
    ?.map(cell => ({
      peer: text(cell('Peer')) ?? 'unknown',
      ...field('peerPort', finite(cell('PeerPort'))),
      ...field('localPort', finite(cell('LocalPort'))),
      service: text(cell('Service')) ?? '',
      process: text(cell('Process')) ?? '',
      reason: text(cell('Reason')) ?? '',
      ...field('container', containerOf(text(cell('Container')))),
      resets: finite(cell('Resets')) ?? 0,
      rate: finite(cell('Rate')) ?? 0,
    }))
    .filter(
      ({ container }) => container === undefined || containers.length === 0 || containers.includes(container),
    )
    .sort((a, b) => b.rate - a.rate || b.resets - a.resets)
    .slice(0, most)
}

const containerOf = (cell: string | undefined): string | undefined => (cell === NOT_TOLD ? undefined : cell)

/** `port 443 (https) → 192.0.2.7`: from whom to whom the resets go. */
export function fromTo(row: TopReset, direction: Direction): string {
  const local =
    row.localPort === undefined
      ? 'many ports'
      : `port ${row.localPort}${row.service === '' ? '' : ` (${row.service})`}`
  const peer = row.peer === 'many' || row.peer === 'unknown' ? `${row.peer} peers` : row.peer
  const there = row.peerPort === undefined ? peer : `${peer} port ${row.peerPort}`
  return direction === 'sent' ? `${local} → ${there}` : `${there} → ${local}`
}
