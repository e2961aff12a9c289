import type { Agent } from './agent'
import {
  type Alarm,
  type Alarms,
  chartsToShow,
  HOST_CHART,
  isRaised,
  RAISED_CHART,
  type Series,
} from './answers'
import { element, setText } from './dom'
import { type Instance, makeInstance, type Shown } from './instance'
import { raisedElsewhere, showElsewhere } from './nodes'
import { makeRecorded } from './recorded'
import { showSilence } from './silence'
import { makeWho } from './who'
import { clock, state } from './words'

/** More than this many raised containers are counted, not drawn. */
const MOST = 6

/** Other nodes are asked this seldom, for there can be many; so is for what was not there. */
const SELDOM_SECONDS = 60

type Node = Pick<Shown, 'hostname' | 'now'>

export interface Box {
  /** Asks the agent and shows what it says. */
  refresh(alarms: Alarms): Promise<void>
  /** Says why nothing is shown, or that what is shown is old. */
  silence(why: unknown): void
}

/** The names of those whose alarm is raised, as the table of resets has them. */
function raisedIn(shown: readonly Shown[]): string[] {
  return shown.flatMap(({ alarm, labels }) =>
    alarm !== undefined && isRaised(alarm) && labels.namespace !== undefined ? [labels.namespace] : [],
  )
}

/** The live part at the top of an alarm's guide. It takes no room before the first answer. */
export function makeBox(into: HTMLElement, name: string, agent: Agent): Box {
  const instances = new Map<string, Instance>()
  const labels = new Map<string, Record<string, string>>()
  const missing = new Map<string, number>()
  const list = element('div')
  const more = element('p', 'more')
  const asked = element('p', 'asked')
  const elsewhere = element('p', 'elsewhere')
  const direction = (['sent', 'received'] as const).find(each => name.endsWith(`_${each}`))
  const who = direction && makeWho(agent, direction)
  const recorded = direction && makeRecorded(agent)
  let askedAt = 0
  let askedElsewhereAt = Number.NEGATIVE_INFINITY

  /** Undefined where the agent has no such chart. That is not asked at each turn: a parent may never have it. */
  const seriesOf = async (chart: string, now: number): Promise<Series | undefined> => {
    if (now - (missing.get(chart) ?? Number.NEGATIVE_INFINITY) < SELDOM_SECONDS) return undefined
    const series = await agent.series(chart, now)
    if (series === undefined) missing.set(chart, now)
    return series
  }

  const labelsOf = async (chart: string): Promise<Record<string, string>> => {
    const known = labels.get(chart)
    if (known !== undefined) return known
    const found = await agent.labels(chart).catch(() => undefined)
    if (found !== undefined) labels.set(chart, found)
    return found ?? {}
  }

  /** What each instance shows; none where the agent knows neither the alarm nor the chart. */
  const ask = async (charts: readonly string[], ours: readonly Alarm[], node: Node): Promise<Shown[]> => {
    const shown = await Promise.all(
      charts.map(async chart => {
        const alarm = ours.find(alarm => alarm.chart === chart)
        // How many containers are raised is told in words; their resets are on their own charts.
        const series = chart.startsWith(RAISED_CHART) ? undefined : await seriesOf(chart, node.now)
        if (alarm === undefined && series === undefined) return []
        const what = { chart, labels: await labelsOf(chart), base: agent.base, ...node }
        return [{ ...what, ...(alarm && { alarm }), ...(series && { series }) }]
      }),
    )
    return shown.flat()
  }

  const arrange = (shown: readonly Shown[]): void => {
    for (const [chart, { root }] of instances) {
      if (shown.some(what => what.chart === chart)) continue
      root.remove()
      instances.delete(chart)
    }
    shown.forEach((what, index) => {
      const instance = instances.get(what.chart) ?? makeInstance()
      instances.set(what.chart, instance)
      const there = list.children[index] ?? null
      if (there !== instance.root) list.insertBefore(instance.root, there)
      instance.show(what)
    })
  }

  const refresh = async ({ alarms, hostname = '', now = Date.now() / 1000 }: Alarms): Promise<void> => {
    const ours = alarms.filter(alarm => alarm.name === name).map(onOurChart)
    const charts = chartsToShow(ours, name.startsWith('tcp_resets_in_') ? RAISED_CHART : HOST_CHART)
    const shown = await ask(charts.slice(0, MOST + 1), ours, { hostname, now })
    if (list.parentNode === null)
      into.append(
        list,
        more,
        ...(recorded ? [recorded.root] : []),
        ...(who ? [who.root] : []),
        elsewhere,
        asked,
      )
    arrange(shown)
    const left = charts.slice(MOST + 1).length
    setText(more, left > 0 ? `Raised for ${left} more containers.` : '')
    into.classList.remove('silent')
    askedAt = now
    // A parent may have nothing of its own to show, and still know of other nodes.
    asked.hidden = shown.length === 0
    setText(asked, `As of ${clock(now, now, true)}, updated every few seconds.`)
    askElsewhere(hostname)
    // Last, and not waited for: the state and the chart are not to wait for it.
    who?.refresh(now, raisedIn(shown)).catch(() => undefined)
    recorded
      ?.refresh(
        shown.map(({ chart }) => chart),
        ours,
        now,
      )
      .catch(() => undefined)
  }

  const askElsewhere = (hostname: string): void => {
    if (askedAt - askedElsewhereAt < SELDOM_SECONDS) return
    askedElsewhereAt = askedAt
    // Not waited for: what is here is not to wait for what is elsewhere.
    raisedElsewhere(agent.base, name, hostname).then(
      names => showElsewhere(elsewhere, agent.base, name, names),
      () => undefined,
    )
  }

  return {
    refresh,
    silence: why => {
      if (asked.parentNode === null) into.append(asked)
      asked.hidden = false
      into.classList.add('silent')
      const last = askedAt === 0 ? '' : ` This is how it was at ${clock(askedAt, askedAt, true)}.`
      showSilence(asked, why, agent.base, last)
    },
  }
}

/** The alarm on the measuring is on a chart of the agent's own, because it has to stay when ours go. */
function onOurChart(alarm: Alarm): Alarm {
  return alarm.chart === 'netdata.uptime' ? { ...alarm, chart: HOST_CHART } : alarm
}

/** The index: beside each alarm its state on this node, or before them why it is not told. */
export function makeStates(items: readonly HTMLElement[], base: string): Box {
  const silent = element('p', 'asked')
  items[0]?.parentElement?.before(silent)
  return {
    refresh: async alarms => {
      silent.replaceChildren()
      showStates(items, alarms)
    },
    silence: why => showSilence(silent, why, base),
  }
}

/** The worst state where an alarm has several. */
function showStates(items: readonly HTMLElement[], { alarms }: Alarms): void {
  for (const item of items) {
    const ours = alarms.filter(({ name }) => name === item.dataset.alarm)
    const worst = ours.find(({ status }) => status === 'CRITICAL') ?? ours.find(isRaised) ?? ours[0]
    let badge = item.querySelector('.badge')
    if (worst === undefined) {
      badge?.remove()
      continue
    }
    badge ??= item.appendChild(element('span', 'badge'))
    const { look, words } = state(worst.status)
    badge.className = `badge ${look}`
    setText(badge, words)
  }
}
