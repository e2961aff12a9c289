import { hostBase, splitBase } from './address'
import { agentAt } from './agent'
import { isRaised } from './answers'
import { element } from './dom'

/** A parent can hold thousands of nodes; this many are asked. */
const MOST = 100

/** The other nodes of this agent where the alarm is raised. They are asked one after the other. */
export async function raisedElsewhere(base: string, alarm: string, self: string): Promise<string[]> {
  const { root } = splitBase(base)
  const others = (await agentAt(root).nodes()).filter(name => name !== self).slice(0, MOST)
  const raised: string[] = []
  for (const name of others) {
    const answer = await agentAt(hostBase(root, name))
      .alarms('')
      .catch(() => undefined)
    if (answer?.alarms.some(found => found.name === alarm && isRaised(found))) raised.push(name)
  }
  return raised
}

/** `Raised on these nodes too: …`, each a link to the same guide for that node; empty where there are none. */
export function showElsewhere(
  into: HTMLElement,
  base: string,
  alarm: string,
  names: readonly string[],
): void {
  const links = names.flatMap((name, index) => {
    const link = element('a', '', name)
    link.href = `${hostBase(splitBase(base).root, name)}/guides/tcp/${alarm}.html`
    return index === 0 ? [link] : [', ', link]
  })
  into.replaceChildren(...(names.length === 0 ? [] : ['Raised on other nodes here: ', ...links]))
}
