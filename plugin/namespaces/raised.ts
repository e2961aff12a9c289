import type { Judged } from '../analysis/raised'
import { ALL_OTHERS, raisedChart } from '../charts/raised'
import { PLUGIN } from '../charts/resets'
import { chartWriter } from '../netdata/chart'

/** Milliseconds without a raised rule after which it is over for good; the `delay` of the alarms is the same. */
const OVER = 30 * 60_000
/** What begins so soon after the first is of the same cause: a flood takes three minutes to be told from less. */
const SAME_CAUSE = 5 * 60_000
/** How long it is shown that some joined: longer than an agent takes to look. */
const SHOWN = 60_000
/** Between two times that this is shown. Those of the meantime are told together. */
const JOIN_EVERY = 10 * 60_000
/** So many are named, the worst first. */
const NAMED = 3
/** Between two changes of who is named, while nobody joins. */
const RENAME_EVERY = 60_000

/** Both directions of one namespace. */
export interface JudgedNamespace {
  readonly name: string
  readonly sent: Judged
  readonly received: Judged
}

export interface RaisedCollector {
  /** Protocol text for one tick of all that are judged. */
  collect(judged: readonly JudgedNamespace[], now: number): string
  /** Text that takes the chart off the dashboard. */
  retire(): string
}

/** Tells in how many namespaces resets are raised, and names the worst in labels, which get into the notices. */
export function raisedCollector(updateEvery: number, of = ALL_OTHERS): RaisedCollector {
  const chart = raisedChart('proc', of)
  const write = chartWriter(chart, PLUGIN, updateEvery)
  /** When each was raised last. */
  const episodes = new Map<string, number>()
  /** When the first of those began. */
  let began: number | undefined
  let waiting: JudgedNamespace[] = []
  let shown: { readonly count: number; readonly at: number } | undefined
  let { labels } = chart
  let named: { readonly at: number; readonly names: ReadonlySet<string> } | undefined

  const label = (changed: typeof labels): void => {
    labels = { ...labels, ...changed }
    write.relabel(labels)
  }
  const collect = (judged: readonly JudgedNamespace[], now: number): string => {
    const raised = judged.filter(({ sent, received }) => sent.raised ?? received.raised)
    for (const [name, last] of episodes) if (now - last > OVER) episodes.delete(name)
    if (episodes.size === 0) began = raised.length > 0 ? now : undefined
    const isLate = began !== undefined && now - began > SAME_CAUSE
    if (isLate) waiting.push(...raised.filter(({ name }) => !episodes.has(name)))
    for (const { name } of raised) episodes.set(name, now)

    if (waiting.length > 0 && (shown === undefined || now - shown.at > JOIN_EVERY)) {
      shown = { count: waiting.length, at: now }
      label({ joined: describe(waiting) })
      waiting = []
    }
    // The last ones stay named when it is over: the notice of that is about them.
    const isNews = named === undefined || raised.some(({ name }) => !named?.names.has(name))
    if (raised.length > 0 && (isNews || now - (named?.at ?? 0) > RENAME_EVERY)) {
      named = { at: now, names: new Set(raised.map(({ name }) => name)) }
      label({ most: describe(raised) })
    }
    const floods = raised.filter(({ sent, received }) => [sent, received].some(one => one.raised === 'flood'))
    const isShown = shown !== undefined && now - shown.at < SHOWN
    const values = {
      burst: BigInt(raised.length - floods.length),
      flood: BigInt(floods.length),
      joined: BigInt(isShown ? (shown?.count ?? 0) : 0),
    }
    return write(values, now)
  }
  return { collect, retire: write.retire }
}

/** `web_1 sends 200/s and web_2 receives 50/s and 4 more`: 1.37 makes something else of most signs in a label. */
function describe(raised: readonly JudgedNamespace[]): string {
  const each = raised
    .map(({ name, sent, received }) =>
      sent.rate > received.rate
        ? { rate: sent.rate, text: `${name} sends ${sent.rate.toFixed(0)}/s` }
        : { rate: received.rate, text: `${name} receives ${received.rate.toFixed(0)}/s` },
    )
    .sort((a, b) => b.rate - a.rate)
    .map(({ text }) => text)
  const more = each.length - NAMED
  return [...each.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(' and ')
}
