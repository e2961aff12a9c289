import type { Agent } from './agent'
import { type Alarm, isRaised } from './answers'
import { element, setText } from './dom'
import type { Recording } from './recordings'
import type { Offer } from './top'
import { clock } from './words'

const FUNCTION = 'tcp-resets-recordings'
const COMMAND = 'tcp-resets recordings'
/** Whether there is a table, and for whom, changes this seldom. */
const SELDOM_SECONDS = 60
/** An alarm is raised some time after what it is about has begun: those of 5 minutes after some minutes. */
const BEFORE_SECONDS = 600

export interface Recorded {
  readonly root: HTMLElement
  /**
   * @param alarms those of the page
   * @param now seconds
   */
  refresh(charts: readonly string[], alarms: readonly Alarm[], now: number): Promise<void>
}

/** What was recorded when it began, where the agent has that: the finding if it tells all, or else the command to type. */
export function makeRecorded(agent: Agent): Recorded {
  const root = element('section', 'recorded told')
  const head = element('p', 'question')
  const rows = element('ol')
  const command = element('p', 'command')
  root.append(head, rows, command)
  root.hidden = true
  let offer: Offer | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  const refresh: Recorded['refresh'] = async (charts, alarms, now) => {
    if (now - askedAt >= SELDOM_SECONDS) {
      askedAt = now
      offer = await agent.offer(FUNCTION).catch(() => undefined)
    }
    const told = offer === 'all' ? await agent.recordings().catch(() => undefined) : undefined
    const newest = charts.flatMap(chart => told?.find(recording => recording.chart === chart) ?? [])
    root.hidden = offer === undefined
    head.hidden = rows.hidden = newest.length === 0
    if (offer !== undefined) showCommand(command, told !== undefined && newest.length === 0)
    setText(head, 'Recorded when it began')
    const list = newest.map(recording => ({ recording, isOfNow: belongsTo(recording, alarms) }))
    rows.replaceChildren(...list.map(({ recording, isOfNow }) => item(recording, isOfNow, now)))
  }
  return { root, refresh }
}

/** Whether it is of the burst that raised the alarm on its chart. */
function belongsTo({ chart, began }: Recording, alarms: readonly Alarm[]): boolean {
  const since = alarms.find(alarm => alarm.chart === chart && isRaised(alarm))?.since
  return since !== undefined && began >= since - BEFORE_SECONDS
}

function item({ id, began, chart, finding }: Recording, isOfNow: boolean, now: number): HTMLElement {
  const when = `${isOfNow ? '' : 'the last time, '}${clock(began, now, true)}`
  const made = element('li', '', finding)
  made.append(element('span', 'answer', `${when} · ${chart} · `))
  made.lastElementChild?.append(element('code', '', `${COMMAND} show ${id}`))
  return made
}

function showCommand(into: HTMLElement, isNothing: boolean): void {
  const text = isNothing ? 'Nothing was recorded on this chart yet. ' : 'What was recorded when it began: '
  if (into.dataset.text === text) return
  into.dataset.text = text
  into.replaceChildren(text, element('code', '', COMMAND), ', as root on this machine.')
}
