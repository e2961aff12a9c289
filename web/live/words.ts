import type { Alarm, Line, Series } from './answers'

/** How a state looks: raised ones catch the eye, the rest stays quiet. */
export type Look = 'critical' | 'warning' | 'clear' | 'unknown'

interface State {
  readonly look: Look
  readonly words: string
}

const STATES: ReadonlyMap<string, State> = new Map([
  ['CRITICAL', { look: 'critical', words: 'Raised: critical' }],
  ['WARNING', { look: 'warning', words: 'Raised: warning' }],
  ['CLEAR', { look: 'clear', words: 'Not raised' }],
  ['UNINITIALIZED', { look: 'unknown', words: 'Not judged yet' }],
  ['UNDEFINED', { look: 'unknown', words: 'Can’t be judged: a value is missing' }],
  ['REMOVED', { look: 'unknown', words: 'Its chart is gone' }],
])

/** A state in words. */
export function state(status: string): State {
  return STATES.get(status) ?? { look: 'unknown', words: `State: ${status}` }
}

/** Three digits say enough: `1,234`, `56.7`, `0.12`. */
export function amount(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** A time span, in the two largest units that matter: `12 s`, `4 min`, `2 h 5 min`, `3 d 4 h`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'min')
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** A time of day, with the date when it is more than half a day from `now`. */
export function clock(time: number, now: number, seconds = false): string {
  return new Date(time * 1000).toLocaleString([], {
    ...(Math.abs(now - time) > 43_200 && { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds && { second: '2-digit' }),
    hourCycle: 'h23',
  })
}

/** `212 resets/s · for 4 min, since 03:04 · silenced`, as far as it is known. */
export function details({ value, units, since, silenced }: Alarm, now: number): string {
  return [
    ...(value === undefined ? [] : [`${amount(value)} ${units}`.trim()]),
    ...(since === undefined || since <= 0 || since > now + 1
      ? []
      : [`for ${span(now - since)}, since ${clock(since, now)}`]),
    ...(silenced ? ['silenced, nobody is told'] : []),
  ].join(' · ')
}

/** The newest value and the highest; undefined where nothing was measured. */
export interface Extent {
  readonly latest: number
  readonly highest: number
  readonly highestAt: number
}

export function extent({ values }: Line, times: readonly number[]): Extent | undefined {
  let found: Extent | undefined
  values.forEach((value, index) => {
    const time = times[index]
    if (value === null || time === undefined) return
    const higher = found === undefined || value > found.highest
    found = {
      latest: value,
      highest: higher ? value : (found?.highest ?? value),
      highestAt: higher ? time : (found?.highestAt ?? time),
    }
  })
  return found
}

/** What the lines say, for one who doesn't see them. */
export function summary(series: Series, label: (name: string) => string, now: number): string {
  const parts = series.lines.map(line => {
    const range = extent(line, series.times)
    return range === undefined
      ? `${label(line.name)}: no values`
      : `${label(line.name)}: now ${amount(range.latest)}, peak ${amount(range.highest)} at ${clock(range.highestAt, now)}`
  })
  return `TCP resets a second over the last 10 minutes. ${parts.join('. ')}.`
}

/** When something was last measured. */
export function lastMeasured({ times, lines }: Series): number | undefined {
  for (let index = times.length - 1; index >= 0; index--) {
    if (lines.some(({ values }) => typeof values[index] === 'number')) return times[index]
  }
  return undefined
}

/** Seconds from one value to the next. */
export function step({ times }: Series): number {
  const [first, second] = times
  return first === undefined || second === undefined ? 1 : Math.max(1, second - first)
}
