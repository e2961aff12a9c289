import type { Series } from './answers'
import { svg } from './dom'
import { path, roundAbove, runs, WINDOW } from './scale'
import { amount, clock, step, summary } from './words'

const HEIGHT = 170

/**
 * Draws the series, in the width it has.
 *
 * @param now the right edge, by the agent's clock
 * @param label a line's name as a reader knows it
 */
export function drawChart(
  series: Series,
  now: number,
  width: number,
  label: (name: string) => string,
): SVGElement {
  const values = series.lines.flatMap(line => line.values)
  const highest = roundAbove(values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0))
  const longest = Math.max(amount(highest).length, amount(highest / 2).length)
  const frame = { left: 10 + 7 * longest, right: width - 6, top: 22, bottom: HEIGHT - 22 }
  const range = { from: now - WINDOW, to: now, highest }

  const chart = svg('svg', {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    width,
    height: HEIGHT,
    role: 'img',
    'aria-label': summary(series, label, now),
  })
  chart.append(svg('text', { class: 'axis', x: 0, y: 12 }, 'resets/s'))
  for (const share of [0, 0.5, 1]) {
    const y = frame.bottom - share * (frame.bottom - frame.top)
    chart.append(
      svg('path', { class: share === 0 ? 'base' : 'grid', d: `M${frame.left} ${y}H${frame.right}` }),
      svg(
        'text',
        { class: 'axis', x: frame.left - 6, y: y + 4, 'text-anchor': 'end' },
        amount(highest * share),
      ),
    )
  }
  for (const [share, anchor] of [
    [0, 'start'],
    [0.5, 'middle'],
    [1, 'end'],
  ] as const) {
    const x = frame.left + share * (frame.right - frame.left)
    const text = share === 1 ? 'now' : clock(now - WINDOW * (1 - share), now)
    chart.append(svg('text', { class: 'axis', x, y: HEIGHT - 5, 'text-anchor': anchor }, text))
  }
  for (const line of series.lines) {
    const d = path(runs(series, line.values, 1.5 * step(series), range, frame))
    if (d !== '') chart.append(svg('path', { class: `line ${line.name}`, d }))
  }
  return chart
}
