import { type Alarm, HOST_CHART, RAISED_CHART, type Series } from './answers'
import { drawChart } from './chart'
import { element, setText } from './dom'
import { amount, details, extent, lastMeasured, span, state, step } from './words'

const STALE_ALARM = 'tcp_resets_last_collected_secs'

/** What one instance of the alarm shows: an alarm on a chart, or only the chart where there is no such alarm. */
export interface Shown {
  readonly chart: string
  readonly alarm?: Alarm
  readonly hostname: string
  readonly labels: Record<string, string>
  readonly series?: Series
  readonly now: number
  readonly base: string
}

export interface Instance {
  readonly root: HTMLElement
  show(what: Shown): void
}

function lineLabel(name: string, labels: Record<string, string>): string {
  // An agent that tells no labels does not make the estimate exact.
  return name === 'received' && (labels.received ?? 'estimated') === 'estimated'
    ? 'received (estimated)'
    : name
}

/** Where the values are from: the node, and the container. */
function placeName({ chart, hostname, labels }: Shown): string {
  if (chart === HOST_CHART || chart === RAISED_CHART) return hostname
  const name = labels.namespace ?? chart.slice(HOST_CHART.length + 1)
  return hostname === '' ? `container ${name}` : `${hostname}, container ${name}`
}

/** One instance of the alarm on the page. */
export function makeInstance(): Instance {
  const root = element('section', 'instance')
  const words = element('strong', 'state')
  words.setAttribute('role', 'status')
  const place = element('span', 'place')
  const head = element('div', 'head')
  head.append(words, place)
  const facts = element('p', 'facts')
  const warning = element('p', 'trouble')
  const plot = element('div', 'plot')
  const legend = element('ul', 'legend')
  const dashboard = element('a', 'dashboard', 'Open the chart on the dashboard')
  root.append(head, facts, warning, plot, legend, dashboard)

  let last: Shown | undefined
  const draw = (): void => {
    if (last?.series === undefined || plot.clientWidth === 0) return
    const { labels } = last
    plot.replaceChildren(drawChart(last.series, last.now, plot.clientWidth, name => lineLabel(name, labels)))
  }
  let width = 0
  new ResizeObserver(() => {
    if (plot.clientWidth !== width) draw()
    width = plot.clientWidth
  }).observe(plot)

  const show = (what: Shown): void => {
    last = what
    const { alarm, series, now } = what
    const shown = alarm ? state(alarm.status) : state('')
    root.dataset.look = shown.look
    setText(words, alarm ? shown.words : 'This agent has no such alarm')
    setText(place, placeName(what))
    root.setAttribute('aria-label', `State of the alarm: ${placeName(what)}`)
    setText(facts, alarm ? details(alarm, now) : '')
    dashboard.href = `${what.base}/#chart_${encodeURIComponent(what.chart.replace(/\W/g, '_'))}`
    showTrouble(warning, what)
    plot.hidden = legend.hidden = series === undefined
    if (series === undefined) return
    draw()
    showLegend(legend, series, what.labels)
  }
  return { root, show }
}

/** A chart that stands still makes alarms that stand still. That has to be said, or they look true. */
function showTrouble(into: HTMLElement, { series, now, alarm }: Shown): void {
  const text = trouble(series, now)
  const frozen = text !== '' && alarm !== undefined && alarm.name !== STALE_ALARM
  into.hidden = text === ''
  const said = frozen ? `${text} The alarm stands still with them. ` : text
  if (into.firstChild?.nodeValue === said) return
  into.textContent = said
  if (!frozen) return
  const link = element('a', '', 'What to do')
  link.href = `${STALE_ALARM}.html`
  into.append(link)
}

function trouble(series: Series | undefined, now: number): string {
  const measured = series && lastMeasured(series)
  if (series === undefined || measured === undefined) return 'No values in the last 10 minutes.'
  const age = now - measured
  return age > Math.max(30, 5 * step(series)) ? `No new values for ${span(age)}.` : ''
}

function showLegend(legend: HTMLElement, series: Series, labels: Record<string, string>): void {
  const names = series.lines.map(({ name }) => name).join()
  if (legend.dataset.lines !== names) {
    legend.dataset.lines = names
    legend.replaceChildren(
      ...series.lines.map(({ name }) => {
        const item = element('li', name)
        item.append(element('i'), element('span'), element('span', 'numbers'))
        return item
      }),
    )
  }
  series.lines.forEach((line, index) => {
    const range = extent(line, series.times)
    const [, label, numbers] = legend.children[index]?.children ?? []
    if (label) setText(label, lineLabel(line.name, labels))
    const { latest, highest } = range ?? {}
    const text =
      latest === undefined || highest === undefined
        ? 'no values'
        : `now ${amount(latest)}, peak ${amount(highest)}`
    if (numbers) setText(numbers, text)
  })
}
