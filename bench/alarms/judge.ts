import type { Outcome } from './play'
import type { Whose } from './watch'

export interface Verdict {
  readonly right: boolean
  readonly cells: readonly string[]
}

/** What one alarm did. Seconds are from the start of the traffic. */
interface Course {
  readonly alarm: string
  /** When the first notification went out; absent where none did. */
  readonly told: number | undefined
  /** The seconds between which its state was raised, one pair for each time. */
  readonly raised: readonly (readonly [from: number, to: number | undefined])[]
  /** When the notification went out that it had cleared. */
  readonly clearTold: number | undefined
}

/** Whether the alarms did as expected: people are told of what they must hear of, of nothing else, for as long as it lasts. */
export function judge(outcome: Outcome): Verdict {
  const { pattern, wire, cleared } = outcome
  const { resets, by, orBy = [], because } = pattern.expected
  const ours = courses(outcome, 'ours')
  const stock = courses(outcome, 'stock')

  const must = by.map(span => nameOf(span, resets))
  const may = [...by, ...orBy].map(span => nameOf(span, resets))
  const told = ours.filter(course => course.told !== undefined)
  const wrong = [
    ...must.filter(alarm => !told.some(course => course.alarm === alarm)).map(alarm => `no ${short(alarm)}`),
    ...told.filter(course => !may.includes(course.alarm)).map(course => `${short(course.alarm)} is wrong`),
    ...told
      .filter(({ alarm, clearTold }) => alarm.startsWith('5m_') && (clearTold ?? Infinity) < pattern.lasts)
      .map(({ alarm }) => `${short(alarm)} cleared too early`),
    ...(cleared ? [] : ['not cleared in the end']),
  ]
  return {
    right: wrong.length === 0,
    cells: [
      pattern.name,
      `${wire.sent}, ${wire.received}`,
      `${must.length === 0 ? 'nothing' : must.map(short).join(' and ')}: ${because}`,
      describe(stock, pattern.lasts),
      describe(ours, pattern.lasts),
      `${count(outcome, 'stock')}, ${count(outcome, 'ours')}`,
      wrong.length === 0 ? 'yes' : `no: ${wrong.join('; ')}`,
    ],
  }
}

const count = ({ notices }: Outcome, whose: Whose): number =>
  notices.filter(notice => notice.whose === whose).length

function courses({ notices, states }: Outcome, whose: Whose): Course[] {
  const names = new Set(
    [...notices, ...states].filter(event => event.whose === whose).map(event => event.alarm),
  )
  return [...names].sort().map(alarm => {
    const own = notices.filter(event => event.whose === whose && event.alarm === alarm)
    const raised: [number, number | undefined][] = []
    for (const { at, status } of states.filter(event => event.whose === whose && event.alarm === alarm)) {
      const open = raised.at(-1)
      if (/WARNING|CRITICAL/.test(status)) raised.push([at / 1000, undefined])
      else if (open && open[1] === undefined) open[1] = at / 1000
    }
    const told = own.find(({ status }) => /WARNING|CRITICAL/.test(status))
    const clearTold = own.findLast(({ status }) => status === 'CLEAR')
    return {
      alarm,
      told: told && told.at / 1000,
      raised,
      clearTold: clearTold && clearTold.at / 1000,
    }
  })
}

function describe(all: readonly Course[], lasts: number): string {
  const parts = all.flatMap(({ alarm, told, raised, clearTold }) => {
    if (told === undefined && raised.length === 0) return []
    const spans = raised.map(([from, to]) => `${from.toFixed(0)}–${to?.toFixed(0) ?? ''} s`).join(', ')
    if (told === undefined) return [`${short(alarm)} shown ${spans}, nobody told`]
    const end = raised.at(-1)?.[1]
    const cleared =
      clearTold !== undefined
        ? `cleared ${end?.toFixed(0)} s, told ${clearTold.toFixed(0)} s`
        : end === undefined
          ? 'not cleared'
          : `cleared ${end.toFixed(0)} s${end < lasts ? ' while it lasted' : ''}`
    return [`${short(alarm)}: told ${told.toFixed(0)} s, ${cleared}`]
  })
  return parts.join('; ') || 'nothing'
}

const nameOf = (span: string, resets: string): string => `${span}_ipv4_tcp_resets_${resets}`
const short = (alarm: string): string => alarm.replace('_ipv4_tcp_resets_', ' ')
