import { splitBase } from './address'
import { Refused } from './agent'
import { element } from './dom'

/** What each status means, and what to do. */
const WORDS: Record<Refused['status'], string> = {
  401: 'What is before the agent wants to know who asks (401): sign in at this address, then load the page again.',
  403: 'This browser may not ask the agent (403): whoever runs it can allow it, in netdata.conf, [web], “allow dashboard from”, or in the proxy before it.',
  412: 'The agent tells its state to those who are signed in only (bearer protection, 412): sign in on its dashboard, and look at the alarm there.',
  451: 'The agent does not take questions from this address (451): whoever runs it can allow it, in netdata.conf, [web], “allow dashboard from” and “bind to”.',
}

const NO_ANSWER =
  'The agent does not answer. On its machine, “sudo tcp-resets doctor” says why; else look whether the network, or a proxy, lets this page through.'

/**
 * Says why the agent tells this page nothing, and what to do. The page asks again by itself.
 *
 * @param why what asking ended with
 * @param last what to say of what is still shown
 */
export function showSilence(into: HTMLElement, why: unknown, base: string, last = ''): void {
  const words = `${why instanceof Refused ? WORDS[why.status] : NO_ANSWER}${last}`
  if (into.dataset.silence === words) return
  into.dataset.silence = words
  into.replaceChildren(words)
  if (!(why instanceof Refused)) return
  const link = element('a', '', 'Open the dashboard')
  link.href = `${splitBase(base).root}/`
  into.append(' ', link, '.')
}
