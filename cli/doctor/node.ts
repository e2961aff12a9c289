import { existsSync } from 'node:fs'
import { version } from '../../package.json'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { askAgentsNode, isNewEnough, OLDEST_NODE } from '../agent/node'
import { canActAs, runAs } from '../agent/user'
import { type Finding, good, note, unknown, wrong } from './finding'
import { putAgain } from './put-again'

/** Which Node the plugin gets from the agent, and whether the plugin starts on it. */
export function checkNode(agent: Agent): Finding[] {
  const { user, path, pathFrom } = agent
  const whose = pathFrom === 'agent' ? "the agent's PATH" : `the usual PATH of a service, ${path}`
  const plugin = pluginFile(agent)
  if (user === undefined || !canActAs(user)) {
    return [unknown('node', `which Node ${user?.name ?? 'netdata'} gets: run this as root or as that user`)]
  }
  const asked = askAgentsNode(user, path, plugin)
  const saw = asked.stdout.trim().split('\n').reverse().join(' at ') || asked.stderr.trim()
  if (!isNewEnough(asked)) {
    const advice = `install Node.js ${OLDEST_NODE} or later for all users, or install from the archive that brings one`
    return [wrong('node', `as ${user.name}, with ${whose}: ${saw}`, advice)]
  }
  const node = good('node', `${saw}, as ${user.name} with ${whose}`)
  if (!existsSync(plugin)) return [node]
  const started = runAs(user, path, [plugin, '--version'])
  const installed = started.stdout.trim()
  if (started.status !== 0) {
    const failed = started.stderr.trim() || `it ended with ${started.status ?? 'a signal'}`
    return [node, wrong('version', `the plugin does not start: ${failed}`, putAgain(agent))]
  }
  return [
    node,
    installed === version
      ? good('version', `the plugin starts, and is ${installed}`)
      : note(
          'version',
          `the plugin is ${installed}, this command ${version}`,
          `to make them the same, ${putAgain(agent)}`,
        ),
  ]
}
