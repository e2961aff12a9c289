import { oneLine } from '../message'
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

type Cell = string | number | null

interface Column {
  readonly id: string
  readonly name: string
  readonly look: keyof typeof LOOKS
  readonly cell: (row: TableRow) => Cell
  readonly hidden?: true
  readonly units?: string
  /** What stands for null. */
  readonly instead?: string
}

/** How the dashboard treats each kind of column. */
const LOOKS = {
  key: { type: 'string', transform: 'none', sort: 'ascending', summary: 'count', filter: 'none' },
  word: { type: 'string', transform: 'none', sort: 'ascending', summary: 'count', filter: 'multiselect' },
  port: { type: 'integer', transform: 'none', sort: 'ascending', summary: 'count', filter: 'multiselect' },
  count: { type: 'integer', transform: 'number', sort: 'descending', summary: 'sum', filter: 'range' },
  rate: { type: 'integer', transform: 'number', sort: 'descending', summary: 'sum', filter: 'range' },
  time: { type: 'timestamp', transform: 'datetime', sort: 'descending', summary: 'max', filter: 'range' },
} as const

const round = (value: number, digits: number): number => Number(value.toFixed(digits))

/** Of a reset that fits no connection: TCP took no notice (RFC 5961). */
const IGNORED = 'the peer sent it, and TCP ignored it'

/** The table of the Function `tcp-resets`, one entry a column. */
const COLUMNS: readonly Column[] = [
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
]

const GROUPS = ['Direction', 'Reason', 'Container', 'Stage', 'LocalPort', 'Peer']

/** What the dashboard has to know of each column. */
function columnsOf(maxima: readonly number[]): Record<string, object> {
  return Object.fromEntries(
    COLUMNS.map(({ id, name, look, hidden, units, instead }, index) => {
      const { type, transform, sort, summary, filter } = LOOKS[look]
      const column = {
        index,
        unique_key: look === 'key',
        name,
        visible: hidden !== true,
        type: look === 'count' && hidden !== true ? 'bar-with-integer' : type,
        ...(units !== undefined && { units }),
        visualization: look === 'count' && hidden !== true ? 'bar' : 'value',
        value_options: {
          ...(units !== undefined && { units }),
          transform,
          decimal_points: look === 'rate' ? 2 : 0,
          default_value: instead ?? null,
        },
        ...(maxima[index] !== undefined && { max: maxima[index] }),
        sort,
        sortable: true,
        sticky: false,
        summary,
        filter,
        full_width: false,
        wrap: false,
        default_expanded_filter: id === 'Direction' || id === 'Reason',
      }
      return [id, column]
    }),
  )
}

/** What goes with the answer around its columns and rows. */
export const TABLE = {
  type: 'table',
  has_history: false,
  default_sort_column: 'Resets',
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

/** The columns and rows as the dashboard takes them. */
export function tableOf(rows: readonly TableRow[]): { columns: Record<string, object>; data: Cell[][] } {
  const data = rows.map(row => COLUMNS.map(({ cell }) => cell(row)))
  const maxima = COLUMNS.map(({ look }, index) =>
    look === 'count' ? Math.max(1, ...data.map(cells => Number(cells[index]))) : undefined,
  )
  return { columns: columnsOf(maxima as number[]), data }
}
