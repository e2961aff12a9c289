import { oneLine } from '../message'
import type { Column, RowLook } from '../netdata/table'
import type { PortOwner } from '../sources/port-owners'
import type { TopReset } from './top-resets'

/** A reset as a person sees it. */
export interface TableRow extends TopReset {
  /** Of the local port, or else of the peer's. */
  readonly service?: string
  readonly owner?: PortOwner
  /** Wall clock, milliseconds. */
  readonly seenAt: number
  /** By how much the count can be too low. */
  readonly error: number
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** Of a reset that fits no connection: TCP took no notice (RFC 5961). */
const IGNORED = 'the peer sent it, and TCP ignored it'

/** The table of the Function `tcp-resets`, one entry a column. */
export const COLUMNS: readonly Column<TableRow>[] = [
  {
    id: 'Row',
    name: 'Row',
    look: 'key',
    hidden: true,
    cell: ({ direction, reason, stage, ignored, container, localPort, peer }) =>
      [direction, reason, stage, ignored && 'ignored', container, localPort ?? '*', peer ?? '*']
        .filter(word => word !== undefined)
        .join(' '),
  },
  { id: 'Direction', name: 'Direction', look: 'word', cell: row => row.direction },
  {
    id: 'Reason',
    name: 'Reason',
    look: 'word',
    cell: row =>
      row.reason ?? (row.direction === 'sent' ? 'not told' : row.ignored ? IGNORED : 'the peer sent it'),
  },
  { id: 'Container', name: 'Container', look: 'word', cell: row => row.container ?? 'not told' },
  { id: 'Stage', name: 'Stage of the conversation', look: 'word', cell: row => row.stage },
  {
    id: 'LocalPort',
    name: 'Local port',
    look: 'port',
    instead: 'many',
    cell: row => row.localPort ?? null,
  },
  { id: 'Service', name: 'Service', look: 'word', cell: row => row.service ?? '' },
  { id: 'Process', name: 'Process', look: 'word', cell: row => oneLine(row.owner?.process ?? '') },
  { id: 'User', name: 'User', look: 'word', cell: row => oneLine(row.owner?.user ?? '') },
  { id: 'Peer', name: 'Peer', look: 'word', cell: row => row.peer ?? 'many' },
  {
    id: 'PeerPort',
    name: 'Peer port',
    look: 'port',
    instead: 'many',
    cell: row => row.peerPort ?? null,
  },
  { id: 'Family', name: 'IP family', look: 'word', cell: row => row.family ?? '' },
  {
    id: 'Resets',
    name: 'Resets',
    look: 'count',
    units: 'resets',
    cell: row => Math.round(row.count),
  },
  { id: 'Rate', name: 'Rate', look: 'rate', units: 'resets/s', cell: row => round(row.rate, 2) },
  { id: 'LastSeen', name: 'Last seen', look: 'time', cell: row => Math.round(row.seenAt) },
  {
    id: 'TooLowBy',
    name: 'Too low by at most',
    look: 'count',
    units: 'resets',
    hidden: true,
    cell: row => Math.ceil(row.error),
  },
  { id: 'rowOptions', name: 'rowOptions', look: 'row', hidden: true, cell: lookOf },
]

/** So many a second worry: from there on the alarms can be raised. */
const WORRYING_RATE = 5

function lookOf({ rate, ignored }: TableRow): RowLook {
  if (rate > WORRYING_RATE) return { severity: 'warning' }
  return ignored ? { severity: 'notice' } : null
}

const GROUPS = ['Direction', 'Reason', 'Container', 'Stage', 'LocalPort', 'Peer']

/** What goes with the answer around its columns and rows. */
export const TABLE = {
  type: 'table',
  has_history: false,
  default_sort_column: 'Resets',
  // A filter's value tells of how many resets its rows are.
  aggregated_view: { column: 'Resets', results_label: 'rows', aggregated_label: 'resets' },
  charts: {
    Resets: { name: 'Resets', type: 'stacked-bar', columns: ['Resets'] },
    Rate: { name: 'Resets a second', type: 'stacked-bar', columns: ['Rate'] },
  },
  default_charts: [
    ['Resets', 'Direction'],
    ['Resets', 'Reason'],
  ],
  group_by: Object.fromEntries(GROUPS.map(id => [id, { name: nameOf(id), columns: [id] }])),
} as const

function nameOf(id: string): string {
  return COLUMNS.find(column => column.id === id)?.name ?? id
}
