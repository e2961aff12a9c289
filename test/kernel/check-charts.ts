/** What the plugin's charts must say after a scenario. */
import type { Test } from 'tap'
import type { Cause } from '../../plugin/analysis/causes'
import type { Tick } from './plugin-reader'
import type { Letter, Ran } from './runner'
import { LETTERS, type Scenario } from './scenario-table'

/** The plugin's last tick before the scenario and its first one after, on each host. */
export type ChartsSeen = Readonly<Record<Letter, { readonly before: Tick; readonly after: Tick }>>

type PerHost<T> = Readonly<Partial<Record<Letter, T>>>

/** The causes that counters prove. Every other reset sent is in `other`. */
const PROVEN: Readonly<Record<string, PerHost<Partial<Record<Cause, number>>>>> = {
  linger0_close: { A: { aborted: 1 } },
  close_unread: { A: { unread_data: 1 } },
  data_in_finwait1: { B: { aborted: 1 } },
  linger2_neg: { A: { aborted: 1 } },
  keepalive_timeout: { A: { keepalive: 1 } },
  acceptq_abort: { B: { listen_queue: 1 } },
}

/**
 * On the wire of these hosts is a reset that went to a hand-made peer with no TCP behind it: nobody there could
 * count it.
 */
const NO_TCP_BEHIND: Readonly<Record<string, Letter>> = {
  stray_ack_closed: 'A',
  stray_ack_listen: 'A',
  data_in_finwait1: 'A',
  synrecv_bad_ack: 'A',
  synrecv_new_syn: 'A',
  tw_finwait2_data: 'A',
  acceptq_abort: 'A',
  synsent_bad_ack: 'B',
}

/** By how much a dimension is off the wire on a host, and what /proc does not have that it would take. */
export type KnownError = PerHost<number> & { readonly why: string }

const UNNAMED = 'an own abort that no counter names'
const UNSEEN = 'the reset ended nothing'

/** Where the estimate of the resets received is wrong. */
export const ESTIMATE_ERROR: Readonly<Record<string, KnownError>> = {
  disconnect_unspec: { A: 1, why: UNNAMED },
  ss_kill: { A: 1, why: UNNAMED },
  listener_close_pending: { B: 2, why: UNNAMED },
  half_open_data: { B: 1, why: UNNAMED },
  synrecv_new_syn: { B: 1, why: 'a second SYN ends a half-open connection like a reset does' },
  stray_rst_closed: { B: -2, why: UNSEEN },
  rst_in_fin_wait: { B: -1, why: 'the connection was being closed already' },
  oow_rst: { B: -1, why: UNSEEN },
  badsum_rst: { B: -1, why: UNSEEN },
  tw_rst: { B: -1, why: 'TIME_WAIT has no counter' },
  tw_rst_1337: { B: -1, why: UNSEEN },
  raw_sock_rst: { B: -1, why: UNSEEN },
}

/** Where the resets on the wire are not those that TCP sent. */
export const SENT_ERROR: Readonly<Record<string, KnownError>> = {
  nft_reject: { B: -1, why: 'the firewall sent it, not TCP' },
  raw_sock_rst: { A: -1, why: 'a raw socket sent it, not TCP' },
}

/** Resets that left a host, in both families. */
export function resetsOut(wire: Readonly<Record<string, number>>): number {
  return (wire.rst_out4 ?? 0) + (wire.rst_out6 ?? 0)
}

/** Resets that reached a host's TCP: both families on its wire, less what only a hand-made peer saw. */
export function resetsIn(scenario: string, letter: Letter, wire: Readonly<Record<string, number>>): number {
  return NO_TCP_BEHIND[scenario] === letter ? 0 : (wire.rst_in4 ?? 0) + (wire.rst_in6 ?? 0)
}

/** How much a chart's dimensions rose. */
export function risen(chart: string, { before, after }: ChartsSeen[Letter]): Record<string, number> {
  const now = after.charts.get(chart) ?? new Map<string, bigint>()
  const then = before.charts.get(chart)
  return Object.fromEntries([...now].map(([id, value]) => [id, Number(value - (then?.get(id) ?? 0n))]))
}

export function checkCharts(t: Test, scenario: Scenario, result: Ran, charts: ChartsSeen): void {
  for (const letter of LETTERS) {
    const sent = resetsOut(result.wire[letter]) + (SENT_ERROR[scenario.name]?.[letter] ?? 0)
    const received =
      resetsIn(scenario.name, letter, result.wire[letter]) + (ESTIMATE_ERROR[scenario.name]?.[letter] ?? 0)
    t.strictSame(risen('ipv4.tcp_resets', charts[letter]), { sent, received }, `resets of ${letter}`)

    const causes = risen('ipv4.tcp_reset_causes', charts[letter])
    const proven = PROVEN[scenario.name]?.[letter] ?? {}
    const known = Object.values(proven).reduce((sum, count) => sum + count, 0)
    for (const [cause, count] of Object.entries(causes)) if (count === 0) delete causes[cause]
    const other = sent - known
    t.strictSame(causes, other > 0 ? { ...proven, other } : proven, `causes at ${letter}`)
  }
}
