import { existsSync } from 'node:fs'
import { EVENTS } from '../../plugin/tracing/instance'
import { askChart } from '../agent/api'
import type { Agent } from '../agent/find'
import { canActAs, runAs } from '../agent/user'
import { configurationOf } from './configuration'
import { type Finding, good, note, unknown, wrong } from './finding'

/** Where the grant shows its two trace instances unless it is told otherwise: see packaging/tcp-resets-grant. */
const USUAL = '/run/netdata-tcp-resets'

/** Whether root has let the agent read the kernel's trace of resets. Nobody has to. */
export async function checkTracing(
  { user, path, url, conf, layout }: Agent,
  platform: NodeJS.Platform,
): Promise<Finding[]> {
  if (platform !== 'linux') return []
  const { enabled, directory } = (await configurationOf(layout)).tracing
  if (!enabled)
    return [note('tracing', 'turned off in the configuration (tracing.enabled): no peers and reasons')]
  const grant =
    directory === USUAL
      ? 'tcp-resets install --tracing'
      : `TCP_RESETS_DIR=${directory} tcp-resets-grant grant (the directory is from the configuration, tracing.directory)`
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
  const files = Object.entries(EVENTS).flatMap(([direction, event]) =>
    ['trace_pipe', 'per_cpu/cpu0/stats', `events/tcp/${event}/format`].map(
      file => `${directory}/${direction}/${file}`,
    ),
  )
  const closed = files.filter(file => runAs(user, path, ['test', '-r', file]).status !== 0)
  if (closed.length > 0) {
    return [wrong('tracing', `${user.name} can't read ${closed.join(', ')}`, `as root: ${grant}`)]
  }
  if (conf === undefined) return [good('tracing', `granted in ${directory}`)]
  const chart = await askChart(url, 'ipv4.tcp_resets_traced')
  return [
    chart === undefined
      ? wrong(
          'tracing',
          `granted in ${directory}, and the agent has no chart of it`,
          'tcp-resets reload; if it is still so a minute later, look into the log of the agent',
        )
      : good('tracing', `granted in ${directory}, and shown on ipv4.tcp_resets_traced`),
  ]
}
