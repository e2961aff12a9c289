import { baseOf, baseOfReferrer, splitBase } from './address'
import { type Agent, agentAt, NotThere, Refused } from './agent'
import type { Alarms } from './answers'
import { makeBox, makeStates } from './box'
import { addCopyButtons } from './copy'

// What a guide does in the browser. Without any of it, it is a page to read.

/** Often enough to watch, and no load to speak of for an agent. */
const EVERY_MS = 5000
/** While the agent has not answered yet. */
const RETRY_MS = 30_000

addCopyButtons()
openContents()
stayLive().catch(() => undefined) // no live part, then

/** Where there is room beside the text, the contents are open. */
function openContents(): void {
  const toc = document.querySelector('details')
  if (toc !== null) toc.open = matchMedia('(min-width: 82rem)').matches
}

async function stayLive(): Promise<void> {
  const served = baseOf(location.protocol, location.pathname)
  if (served === undefined) return
  const base = await nodeMeant(served)
  moveTo(`${base}${location.pathname.slice(location.pathname.lastIndexOf('/guides/tcp'))}`)
  const agent = agentAt(base)

  const place = document.getElementById('live')
  const name = place?.dataset.alarm
  if (place !== null && name !== undefined) {
    const box = makeBox(place, name, agent)
    return poll(agent, box.refresh, box.silence)
  }
  const items = [...document.querySelectorAll<HTMLElement>('li[data-alarm]')]
  if (items.length > 0) {
    const states = makeStates(items, base)
    poll(agent, states.refresh, states.silence)
  }
}

/**
 * The link in an alarm leads to the agent's own page, also from the dashboard of a node that streams to it. Whoever
 * comes from there means that node.
 */
async function nodeMeant(served: string): Promise<string> {
  const from = baseOfReferrer(document.referrer, location.origin)
  if (from === undefined || splitBase(served).node !== '' || splitBase(from).root !== served) return served
  return agentAt(from)
    .alarms('')
    .then(
      () => from,
      () => served,
    )
}

/** Puts the node into the address, so that reloading and sharing it show the same, and the slash a folder needs. */
function moveTo(path: string): void {
  const full = path.replace(/\/guides\/tcp$/, '$&/')
  if (full !== location.pathname) history.replaceState(null, '', `${full}${location.search}${location.hash}`)
}

/** Asks now and every few seconds, as long as somebody looks. */
function poll(agent: Agent, show: (alarms: Alarms) => Promise<void>, silence: (why: unknown) => void): void {
  let answered = false
  let over = false
  let asking = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const ask = async (): Promise<void> => {
    if (asking || over || document.hidden) return
    asking = true
    clearTimeout(timer)
    try {
      await show(await agent.alarms('?all'))
      answered = true
    } catch (error) {
      over = !answered && error instanceof NotThere && !(error instanceof Refused)
      if (!over) silence(error)
    }
    asking = false
    if (!over) timer = setTimeout(ask, answered ? EVERY_MS : RETRY_MS)
  }
  document.addEventListener('visibilitychange', ask)
  ask()
}
