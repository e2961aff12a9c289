/** What each scenario must move: test/fixtures/conformance/scenarios.json, read for one kernel. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Letter, Movement } from './runner'

type ByKernel = Readonly<Record<string, number>>

export type Scenario = {
  readonly name: string
  /** The circumstance of the guides it belongs to: 1 to 6, fw, or - for none. */
  readonly circumstance: string
  readonly desc: string
  /** Held on every kernel measured. */
  readonly invariant: Readonly<Partial<Record<Letter | `wire${Letter}`, Movement>>>
  /** Differed: counter → kernel release → movement. */
  readonly variant: Readonly<Partial<Record<Letter, Readonly<Record<string, ByKernel>>>>>
}

export type Table = { readonly kernels: readonly string[]; readonly scenarios: readonly Scenario[] }

export const TABLE_FILE = join(__dirname, '../fixtures/conformance/scenarios.json')

export const LETTERS: readonly Letter[] = ['A', 'B']

export const readTable = (): Table => JSON.parse(readFileSync(TABLE_FILE, 'utf8')) as Table

/**
 * The movement of every counter that can be judged on this kernel, 0 where the scenario does not name it. A counter
 * that differed between kernels is judged only on a kernel of the table.
 */
export const expectedCounters = (
  table: Table,
  scenario: Scenario,
  letter: Letter,
  kernel: string,
): Record<string, number> => {
  const known = table.kernels.includes(kernel)
  const named = (key: 'invariant' | 'variant'): string[] =>
    table.scenarios.flatMap(each => LETTERS.flatMap(host => Object.keys(each[key][host] ?? {})))
  const expected: Record<string, number> = {}
  for (const name of named('invariant')) expected[name] = scenario.invariant[letter]?.[name] ?? 0
  if (known) for (const name of named('variant')) expected[name] ??= 0
  for (const [name, kernels] of Object.entries(scenario.variant[letter] ?? {})) {
    const value = kernels[kernel]
    if (value === undefined) delete expected[name]
    else expected[name] = value
  }
  return expected
}
