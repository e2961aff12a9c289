/** A call of the Function on the plugin's own stdin and stdout, as the agent makes it. */
import type { RunningPlugin } from '../built-plugin'

/** A row of the table, each cell by its column. */
export type Row = Readonly<Record<string, string | number | object | null>>

export interface Table {
  readonly status: number
  readonly help: string
  readonly coverage: { readonly resets: number; readonly read: number; readonly error: number }
  readonly rows: readonly Row[]
}

export function readTable(body: string): Table {
  const { columns, data = [], ...rest } = JSON.parse(body)
  const ids = Object.keys(columns ?? {})
  const rows = data.map((cells: Row[string][]) =>
    Object.fromEntries(ids.map((id, i) => [id, cells[i] ?? null])),
  )
  return { ...rest, rows }
}

let calls = 0

export async function callFunction(plugin: RunningPlugin, words = 'tcp-resets'): Promise<Table> {
  const transaction = `call-${calls++}`
  plugin.child.stdin?.write(`FUNCTION ${transaction} 10 "${words}"\n`)
  const answer = new RegExp(
    `^FUNCTION_RESULT_BEGIN ${transaction} \\d+ \\S+ \\d+\\n([\\s\\S]*?)\\nFUNCTION_RESULT_END\\n`,
    'm',
  )
  await plugin.until(stdout => answer.test(stdout))
  return readTable(answer.exec(plugin.stdout())?.[1] ?? '')
}
