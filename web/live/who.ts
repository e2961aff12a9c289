import { splitBase } from './address'
import type { Agent } from './agent'
import { element, setText } from './dom'
import { type Direction, fromTo, type Offer, type TopReset } from './top'
import { amount } from './words'

/** As many as are read in one look. */
const MOST = 5
/** Whether there is a table, and for whom, changes this seldom. */
const SELDOM_SECONDS = 60

export interface Who {
  readonly root: HTMLElement
  /**
   * @param now seconds
   * @param containers whose rows to show; none for all
   */
  refresh(now: number, containers: readonly string[]): Promise<void>
}

/** Who resets whom, where the agent has that table: its first rows if it gives them to all, or else the way to it. */
export function makeWho(agent: Agent, direction: Direction): Who {
  const root = element('section', 'who told')
  const head = element('p', 'question')
  const rows = element('ol')
  const way = element('p', 'way')
  root.append(head, rows, way)
  root.hidden = true
  let offer: Offer | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  const refresh = async (now: number, containers: readonly string[]): Promise<void> => {
    if (now - askedAt >= SELDOM_SECONDS) {
      askedAt = now
      offer = await agent.offer('tcp-resets').catch(() => undefined)
    }
    const top =
      offer === 'all' ? await agent.top(direction, MOST, containers).catch(() => undefined) : undefined
    root.hidden = offer === undefined
    head.hidden = rows.hidden = top === undefined
    if (offer !== undefined) showWay(way, offer, agent.base)
    if (top === undefined) return
    setText(
      head,
      top.length === 0
        ? `No resets ${direction} lately.`
        : `Who resets whom: resets ${direction}, ${whose(top, containers)}`,
    )
    rows.replaceChildren(...top.map(row => item(row, direction)))
  }
  return { root, refresh }
}

/** What the agent's own namespace is called, as labels and the table have it. */
const HOST = 'host'

const placeOf = (container: string): string =>
  container === HOST ? 'this machine' : `container ${container}`

/** In words, whose resets the rows are. */
function whose(top: readonly TopReset[], containers: readonly string[]): string {
  const told = containers.length > 0 && top.every(({ container }) => container !== undefined)
  return told ? containers.map(placeOf).join(', ') : 'this machine and its containers together'
}

function item(row: TopReset, direction: Direction): HTMLElement {
  const made = element('li', '', fromTo(row, direction))
  const why = direction === 'sent' ? [row.reason] : []
  const where = row.container === undefined || row.container === HOST ? [] : [placeOf(row.container)]
  const facts = [
    ...why,
    ...where,
    row.process,
    `${amount(row.rate)} a second`,
    `${amount(row.resets)} in all`,
  ]
  made.append(element('span', 'answer', facts.filter(fact => fact !== '').join(' · ')))
  return made
}

/** Where the table is on a dashboard, in words: no version has an address of one table that lasts. */
const PLACE = 'tab Live (Top in older ones), tcp-resets'

function showWay(into: HTMLElement, offer: Offer, base: string): void {
  if (into.dataset.offer === offer) return
  into.dataset.offer = offer
  if (offer === 'cloud') {
    // This page knows no address but its agent's.
    into.textContent = `Who resets whom: in Netdata Cloud, ${PLACE}. This version of the agent shows it nowhere else.`
    return
  }
  const link = element('a', '', 'Who resets whom: open the table')
  link.href = `${splitBase(base).root}/`
  into.replaceChildren(link, ` on the dashboard: ${offer === 'sign in' ? 'sign in, then ' : ''}${PLACE}.`)
}
