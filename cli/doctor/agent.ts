import { readVersion } from '../agent/answers'
import { askJson } from '../agent/ask'
import { pluginFile, pluginPid, restartCommand } from '../agent/control'
import type { Agent } from '../agent/find'
import { type Finding, good, note, unknown, wrong } from './finding'
import { notYet } from './not-yet'

/** Whether there is an agent, it runs, and it is the one of these files. */
export async function checkAgent(agent: Agent): Promise<Finding[]> {
  const { layout, url, conf, pid, user, doubt, silence } = agent
  if (doubt !== undefined && (conf === undefined || silence !== undefined)) {
    const saw = `what answers at ${url} is not believed: ${doubt}; the agent was found by ${layout.from}`
    const advice =
      'an agent in a container needs the plugin inside it; otherwise name the right agent with --url or --netdata-prefix'
    return [wrong('netdata', saw, advice)]
  }
  const version = await askJson(url, '/api/v1/info', readVersion)
  if (silence !== undefined) {
    const saw = `process ${pid}, user ${user?.name ?? 'unknown'}, runs, but can't be asked for data and alarms`
    return [note('netdata', `${saw}: ${silence}; plugins in ${layout.plugins}`)]
  }
  if (version === undefined) {
    const unseen = process.geteuid?.() === 0 ? '' : ', and only root can see whether one runs anyway'
    const saw = `nothing answers at ${url}${unseen}; the agent was found by ${layout.from}`
    return [wrong('netdata', saw, `start it (${restartCommand()}), or name its address with --url`)]
  }
  if (conf === undefined) {
    const saw = `${version} answers at ${url}, but it is not the one found by ${layout.from}`
    return [wrong('netdata', saw, 'name the right one with --url or --netdata-prefix')]
  }
  const who =
    pid === undefined
      ? "whose process this user can't see"
      : `process ${pid}, user ${user?.name ?? 'unknown'}`
  return [good('netdata', `${version} answers at ${url}, ${who}; plugins in ${layout.plugins}`)]
}

/** Whether the agent's configuration lets it start the plugin. */
export function checkEnabled({ conf, silence }: Agent): Finding[] {
  // One that does not answer is known by its file, which need not have the section.
  const plugins = conf?.get('plugins') ?? (silence === undefined ? undefined : new Map<string, string>())
  if (plugins === undefined) return [unknown('enabled', 'the agent does not say')]
  const own = plugins.get('tcp_resets')
  const others = plugins.get('enable running new plugins')
  const advice = `put "tcp_resets = yes" into [plugins] of netdata.conf, then: ${restartCommand()}`
  if (own === 'no') return [wrong('enabled', 'netdata.conf, [plugins]: tcp_resets = no', advice)]
  if (own !== undefined) return [good('enabled', `netdata.conf, [plugins]: tcp_resets = ${own}`)]
  if (others === 'no')
    return [wrong('enabled', 'netdata.conf, [plugins]: enable running new plugins = no', advice)]
  if (silence !== undefined) return [good('enabled', 'netdata.conf does not turn it off')]
  return [note('enabled', 'the agent has not seen the plugin yet; it looks for new ones once a minute')]
}

/** Whether the agent runs the plugin now. */
export function checkRunning(agent: Agent): Finding[] {
  if (agent.conf === undefined) return [unknown('running', 'the agent does not run')]
  const pid = pluginPid(agent)
  if (pid !== undefined) return [good('running', `process ${pid} is ${pluginFile(agent)}`)]
  if (agent.pid === undefined) return [unknown('running', 'this user can’t see the agent’s processes')]
  const early = notYet(agent)
  if (early !== undefined) return [note('running', `not started yet: ${early}`)]
  const log =
    agent.conf.get('logs')?.get('collector') ?? agent.conf.get('logs')?.get('error') ?? 'its error log'
  const advice = `see why in ${log}, fix it, then: ${restartCommand()}. An agent does not restart a plugin that it gave up on`
  return [wrong('running', `no process of the agent runs ${pluginFile(agent)}`, advice)]
}
