// Tables that a Function answers with, as Netdata's dashboards take them.

/** What a user has to be allowed, as the agent numbers it. */
export const ACCESS = {
  /** A signed-in user of the same space who may see sensitive data: what `network-connections` of Netdata asks for. */
  signed_in: 0x1 | 0x2 | 0x10,
  /** Whoever may see the charts. */
  anyone: 0x8,
}

/** How a row looks: `warning` is yellow, `notice` blue; null is as all others. */
export type RowLook = { readonly severity: 'warning' | 'notice' } | null

type Cell = string | number | RowLook

/** A column of a table, and what stands in it. */
export interface Column<Row> {
  readonly id: string
  readonly name: string
  readonly look: keyof typeof LOOKS
  readonly cell: (row: Row) => Cell
  readonly hidden?: true
  readonly units?: string
  /** What stands for null. */
  readonly instead?: string
}

/** How the dashboard treats each kind of column. */
const LOOKS = {
  key: { type: 'string', transform: 'none', sort: 'ascending', summary: 'count', filter: 'none' },
  word: { type: 'string', transform: 'none', sort: 'ascending', summary: 'count', filter: 'multiselect' },
  text: { type: 'string', transform: 'none', sort: 'ascending', summary: 'count', filter: 'none' },
  port: { type: 'integer', transform: 'number', sort: 'ascending', summary: 'count', filter: 'multiselect' },
  count: { type: 'integer', transform: 'number', sort: 'descending', summary: 'sum', filter: 'range' },
  rate: { type: 'integer', transform: 'number', sort: 'descending', summary: 'sum', filter: 'range' },
  // No column to see: its cells say how the rows look.
  row: { type: 'none', transform: 'none', sort: 'ascending', summary: 'count', filter: 'none' },
  time: { type: 'timestamp', transform: 'datetime', sort: 'descending', summary: 'max', filter: 'range' },
} as const

/** What the dashboard has to know of each column. */
function columnsOf<Row>(
  columns: readonly Column<Row>[],
  maxima: readonly (number | undefined)[],
): Record<string, object> {
  return Object.fromEntries(
    columns.map(({ id, name, look, hidden, units, instead }, index) => {
      const { type, transform, sort, summary, filter } = LOOKS[look]
      const isBar = look === 'count' && hidden !== true
      const column = {
        index,
        unique_key: look === 'key',
        name,
        visible: hidden !== true,
        type: isBar ? 'bar-with-integer' : type,
        ...(units !== undefined && { units }),
        visualization: look === 'row' ? 'rowOptions' : isBar ? 'bar' : 'value',
        ...(look === 'row' && { dummy: true }),
        value_options: {
          ...(units !== undefined && { units }),
          transform,
          decimal_points: look === 'rate' ? 2 : 0,
          default_value: instead ?? null,
        },
        ...(maxima[index] !== undefined && { max: maxima[index] }),
        sort,
        sortable: look !== 'row',
        sticky: false,
        summary,
        filter,
        full_width: look === 'text',
        wrap: look === 'text',
        default_expanded_filter: id === 'Direction' || id === 'Reason',
      }
      return [id, column]
    }),
  )
}

/**
 * The answer as JSON, with a line for each column and each row: agents read lines of bounded length.
 *
 * @param answer what goes around the columns and rows
 */
export function tableBody<Row>(
  answer: object,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const data = rows.map(row => columns.map(({ cell }) => cell(row)))
  const maxima = columns.map(({ look }, index) =>
    look === 'count' ? Math.max(1, ...data.map(cells => Number(cells[index]))) : undefined,
  )
  const head = JSON.stringify(answer).slice(0, -1)
  const columnLines = Object.entries(columnsOf(columns, maxima)).map(
    ([id, column]) => `${JSON.stringify(id)}:${JSON.stringify(column)}`,
  )
  const rowLines = data.map(row => JSON.stringify(row))
  return `${head},"columns":{\n${columnLines.join(',\n')}\n},"data":[\n${rowLines.join(',\n')}\n]}\n`
}
