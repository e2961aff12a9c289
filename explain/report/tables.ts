import type { Explanation, Reset } from '../explanation'
import { isAccused, meaningOf, SENDER_ROWS, TELLING, type Worry, worryOf } from './meaning'
import { endpoint } from './words'

/** A line of the table by stage. */
export interface StageRow {
  readonly when: string
  readonly resets: number
  readonly connections: number
  readonly mostly: string
  /** Of the one among them that worries most. */
  readonly worry: Worry
}

/** The resets by when they came, as a conversation runs. */
export function stageRows({ summary, resets }: Explanation): StageRow[] {
  const worries = new Map<string, Worry>()
  for (const reset of resets) {
    const key = `${reset.stage}/${reset.detail}`
    const worry = worryOf(reset)
    if (worry < (worries.get(key) ?? 4)) worries.set(key, worry)
  }
  return [...summary.byStage]
    .sort((a, b) => TELLING.indexOf(a.stage) - TELLING.indexOf(b.stage) || b.resets - a.resets)
    .map(({ stage, detail, resets, connections }) => {
      const { row, mostly, worry } = meaningOf({ stage, ...(detail !== undefined && { detail }) })
      const worst = worries.get(`${stage}/${detail}`) ?? worry
      return {
        when: row,
        resets,
        connections,
        mostly: worst < worry ? `${mostly}; see who sent it` : mostly,
        worry: worst,
      }
    })
}

/** So many servers are named; the rest is one line. */
const SERVERS = 10

/** A line of the table by server. */
export interface ServerRow {
  readonly server: string
  readonly resets: number
  readonly connections: number
  readonly clients: number
}

/** The servers with the most resets first, and how many more there are. */
export function serverRows({ summary }: Explanation): {
  readonly rows: readonly ServerRow[]
  readonly more: number
} {
  const sorted = [...summary.byServer].sort((a, b) => b.resets - a.resets)
  return {
    rows: sorted.slice(0, SERVERS).map(row => ({ ...row, server: endpoint(row.server) })),
    more: Math.max(0, sorted.length - SERVERS),
  }
}

/** A line of the table by suspected sender. */
export interface SenderRow {
  readonly who: string
  readonly connections: number
  /** Addresses in whose name those resets came that are in doubt, and where to look. */
  readonly where: string
  readonly accused: boolean
}

/** So many addresses are named in a line. */
const NAMES = 3

/** Connections by who seems to have sent their resets; the doubted ones first. */
export function senderRows({ summary, resets }: Explanation): SenderRow[] {
  return SENDER_ROWS.filter(([verdict]) => summary.bySender[verdict] > 0).map(([verdict, who]) => {
    const doubted = resets.filter(
      reset => reset.stage !== 'copy' && reset.sender.is === verdict && isAccused(reset),
    )
    return {
      who,
      connections: summary.bySender[verdict],
      where: doubted.length === 0 ? '' : inTheNameOf(doubted),
      accused: doubted.length > 0,
    }
  })
}

function inTheNameOf(resets: readonly Reset[]): string {
  const first = new Map<string, number>()
  for (const { from, frame } of resets) if (!first.has(from.address)) first.set(from.address, frame)
  const named = [...first].slice(0, NAMES).map(([address, frame]) => `${address} (#${frame})`)
  const more = first.size - named.length
  return `in the name of ${named.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''}`
}
