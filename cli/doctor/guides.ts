import { askAlarms, isOnResets } from '../agent/api'
import { ask, pageAt } from '../agent/ask'
import type { Agent } from '../agent/find'
import { alarmsOff } from '../agent/off'
import { type Finding, good, note, unknown, wrong } from './finding'
import { putAgain } from './put-again'

/** Whether each alarm links to a guide, and the agent serves it. */
export async function checkGuides(agent: Agent): Promise<Finding[]> {
  const { conf, layout, url } = agent
  if (conf === undefined) return [unknown('guides', 'the agent does not run')]
  if (alarmsOff(agent) !== undefined) return [note('guides', 'there are no alarms to link to them')]
  const alarms = await askAlarms(url)
  // Those that only others compare with are never raised.
  const names = new Set(
    alarms?.filter(alarm => isOnResets(alarm) && !/^(1m|15s)_/.test(alarm.name)).map(({ name }) => name),
  )
  if (names.size === 0) return [unknown('guides', 'there is no alarm that could have one')]
  const findings: Finding[] = []
  const unlinked = alarms?.filter(
    ({ name, info }) => names.has(name) && !info.includes(`/guides/tcp/${name}.html`),
  )
  if (unlinked?.length) {
    const saw = `no link in the text of ${[...new Set(unlinked.map(({ name }) => name))].join(', ')}`
    findings.push(
      wrong('guides', saw, `put the link into its info: in ${layout.userConf}/health.d/tcp_resets.conf`),
    )
  }
  for (const name of names) {
    const path = `/guides/tcp/${name}.html`
    const answer = await ask(url, path)
    if (answer?.status === 200 && answer.type.startsWith('text/html')) continue
    const saw = `${path}: status ${answer?.status ?? 'none'}, ${answer?.type || 'no type'}`
    const advice = `see that ${layout.web}${path} is there and owned like its neighbours, or ${putAgain(agent)}`
    findings.push(wrong('guides', saw, advice))
  }
  return findings.length > 0
    ? findings
    : [good('guides', `${names.size} linked and served below ${pageAt(url, '/guides/tcp/')}`)]
}
