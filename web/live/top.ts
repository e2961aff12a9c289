/** The Function `tcp-resets` in the agent's answers: who may have its table, and the table's first rows. */

import { field, finite, record, text } from './answers'

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
  readonly resets: number
  /** A second, of late. */
  readonly rate: number
}

export type Direction = 'sent' | 'received'

/** The rights that whoever reads the charts has. */
const EVERYBODYS = ['none', 'anonymous-data']

/** `/api/v1/info`; undefined when it lists no such table. */
export function readOffer(answer: unknown): Offer | undefined {
  const listed = record(record(record(answer)?.functions)?.['tcp-resets'])
  if (listed === undefined) return undefined
  if (!Array.isArray(listed.access)) return 'cloud'
  return listed.access.every(right => EVERYBODYS.includes(right)) ? 'all' : 'sign in'
}

/** The busiest rows of `/api/v1/function?function=tcp-resets`; undefined when that is not what it is. */
export function readTop(answer: unknown, most: number): TopReset[] | undefined {
  const top = record(answer)
  const columns = record(top?.columns)
  if (columns === undefined || !Array.isArray(top?.data)) return undefined
  const cellOf = (row: unknown, column: string): unknown => {
    const index = finite(record(columns[column])?.index)
    return Array.isArray(row) && index !== undefined ? row[index] : undefined
  }
  return top.data
    .map(row => ({
      peer: text(cellOf(row, 'Peer')) ?? 'unknown',
      ...field('peerPort', finite(cellOf(row, 'PeerPort'))),
      ...field('localPort', finite(cellOf(row, 'LocalPort'))),
      service: text(cellOf(row, 'Service')) ?? '',
      process: text(cellOf(row, 'Process')) ?? '',
      reason: text(cellOf(row, 'Reason')) ?? '',
      resets: finite(cellOf(row, 'Resets')) ?? 0,
      rate: finite(cellOf(row, 'Rate')) ?? 0,
    }))
    .sort((a, b) => b.rate - a.rate || b.resets - a.resets)
    .slice(0, most)
}

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
