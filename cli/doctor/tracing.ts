import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from '../../plugin/attempt'
import { DIRECTIONS, type Direction } from '../../plugin/tracing/event'
import { PROBES } from '../../plugin/tracing/probes'
import { eventsIn, TRACEPOINTS } from '../../plugin/tracing/told'
import { askChart } from '../agent/api'
import { hasSystemd, pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { dataOff } from '../agent/off'
import { canActAs, runAs } from '../agent/user'
import { isPackaged } from '../install/packaged'
import { configurationOf } from './configuration'
import { hostSeenAt } from './container'
import { type Finding, good, note, unknown, wrong } from './finding'
import { notYet } from './not-yet'

/** Where the grant shows its two trace instances unless it is told otherwise: see cli/grant. */
const USUAL = '/run/netdata-tcp-resets'

/** Whether root has let the agent read the kernel's trace of resets. Nobody has to. */
export async function checkTracing(agent: Agent, platform: NodeJS.Platform): Promise<Finding[]> {
  const { user, path, url, conf, layout } = agent
  if (platform !== 'linux') return []
  const { enabled, directory } = (await configurationOf(layout)).tracing
  if (!enabled)
    return [note('tracing', 'turned off in the configuration (tracing.enabled): no peers and reasons')]
  const grant =
    directory === USUAL
      ? howToGrant(agent)
      : `TCP_RESETS_DIR=${directory} tcp-resets grant (the directory is from the configuration, tracing.directory)`
  if (!existsSync(directory)) {
    return [
      note(
        'tracing',
        `not granted (no ${directory}): no peers and reasons`,
        `if you want them, as root: ${grant}`,
      ),
    ]
  }
  if (user === undefined || !canActAs(user))
    return [unknown('tracing', `whether the agent can read ${directory}: run this as root`)]
  // The very files that the plugin opens, one by one: what lets it into one folder may not let it into the next.
  const files = DIRECTIONS.flatMap(direction =>
    ['trace_pipe', 'per_cpu/cpu0/stats', `events/tcp/${TRACEPOINTS[direction]}/format`]
      .map(file => join(directory, direction, file))
      .concat(filesOfEvents(direction, directory)),
  )
  const closed = files.filter(file => runAs(user, path, ['test', '-r', file]).status !== 0)
  if (closed.length > 0) {
    return [wrong('tracing', `${user.name} can't read ${closed.join(', ')}`, `as root: ${grant}`)]
  }
  const isWhole = DIRECTIONS.every(direction => filesOfEvents(direction, directory).length > 0)
  const granted = `granted in ${directory}: ${isWhole ? 'every reset' : 'the resets that the two tracepoints see'}`
  if (conf === undefined || dataOff(agent) !== undefined) return [good('tracing', granted)]
  const chart = await askChart(url, 'ipv4.tcp_resets_traced')
  const early = notYet(agent)
  if (chart === undefined && early !== undefined)
    return [note('tracing', `${granted}, not yet on a chart: ${early}`)]
  return [
    chart === undefined
      ? wrong(
          'tracing',
          `${granted}, but the agent has no chart of it`,
          "tcp-resets reload; if that does not help within a minute, look into the agent's log",
        )
      : good('tracing', `${granted}, shown on ipv4.tcp_resets_traced`),
  ]
}

function howToGrant(agent: Agent): string {
  if (hostSeenAt(agent) !== undefined)
    return `TCP_RESETS_GROUP=${agent.user?.gid} tcp-resets grant, on the host`
  if (!isPackaged('/', pluginFile(agent))) return 'tcp-resets install --tracing'
  return hasSystemd()
    ? 'systemctl enable tcp-resets-tracing; systemctl restart tcp-resets-tracing'
    : 'tcp-resets grant'
}

/** What the plugin reads of the dynamic events; nothing where there are none. */
function filesOfEvents(direction: Direction, directory: string): string[] {
  const group = attempt(() => eventsIn(direction, join(directory, direction)))
  if (group === undefined) return []
  const [first] = PROBES[direction]
  const files = [...PROBES[direction].map(name => `${name}/enable`), `${first}/format`, `${first}/hist`]
  return files.map(file => join(group, file)).filter(file => existsSync(file))
}
