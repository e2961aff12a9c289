import {
  ESTIMATE_ERROR,
  type KnownError,
  resetsIn,
  resetsOut,
  SENT_ERROR,
} from '../../test/kernel/check-charts'
import type { Hosts } from '../../test/kernel/hosts'
import { startRunner } from '../../test/kernel/runner'
import { LETTERS, readTable, type Scenario, TABLE_FILE } from '../../test/kernel/scenario-table'
import type { Table } from '../table'
import { CALLED, count, errorOf, type Judged, judge, MEASURES, type ReadBoth, signed, sums } from './judge'

type JudgedScenario = Judged & { readonly scenario: Scenario }

/** What is known to be wrong is told apart from what is news. */
const KNOWN: Readonly<Record<'sent' | 'received', Readonly<Record<string, KnownError>>>> = {
  sent: SENT_ERROR,
  received: ESTIMATE_ERROR,
}

/** Each scenario of the conformance suite once: how many resets there were, and how many each measure said. */
export async function measureScenarios(hosts: Hosts, readBoth: ReadBoth): Promise<readonly Table[]> {
  const judged: JudgedScenario[] = []
  const leftOut: string[] = []
  let played = 0
  const runner = startRunner(hosts, TABLE_FILE)
  try {
    let before = await readBoth()
    for (const scenario of readTable().scenarios) {
      const result = await runner.run(scenario.name)
      const after = await readBoth()
      if ('skipped' in result) leftOut.push(`${scenario.name} (${result.skipped})`)
      else if (!result.ok) throw new Error(`${scenario.name} could not be acted out:\n${result.error}`)
      else {
        played++
        for (const letter of LETTERS) {
          const wire = {
            out: resetsOut(result.wire[letter]),
            in: resetsIn(scenario.name, letter, result.wire[letter]),
          }
          const ticks = { before: before[letter], after: after[letter] }
          for (const one of judge(letter, wire, result.counters[letter].AttemptFails ?? 0, ticks)) {
            judged.push({ ...one, scenario })
          }
        }
      }
      before = after
    }
  } finally {
    await runner.stop()
  }
  return [totals(judged, played, leftOut), wrongRows(judged)]
}

function totals(judged: readonly JudgedScenario[], played: number, leftOut: readonly string[]): Table {
  const skipped = leftOut.length === 0 ? '' : ` Not on this machine: ${leftOut.join('; ')}.`
  return {
    title: `Accuracy, ${played} scenarios`,
    note: `Each scenario once, both hosts, against nftables.${skipped}`,
    head: ['', 'resets on the wire', 'measured', 'error, added up', 'exact'],
    rows: MEASURES.map(measure => {
      const ours = judged.filter(one => one.measure === measure)
      const { wire, said, error } = sums(ours)
      const exact = ours.filter(one => errorOf(one) === 0).length
      return [CALLED[measure], count(wire), count(said), count(error), `${exact} of ${ours.length}`]
    }),
  }
}

function wrongRows(judged: readonly JudgedScenario[]): Table {
  const rows = judged.flatMap(one => {
    const { scenario, letter, measure, wire, said } = one
    const error = errorOf(one)
    if (measure === 'AttemptFails' || error === 0) return []
    const known = KNOWN[measure][scenario.name]
    const why = known?.[letter] === error ? known.why : 'not known'
    return [[scenario.desc, `\`${measure}\``, `${wire}`, `${said}`, signed(error), why]]
  })
  return {
    title: 'Where the plugin is wrong',
    head: ['scenario', 'dimension', 'on the wire', 'measured', 'error', 'why'],
    rows,
  }
}
