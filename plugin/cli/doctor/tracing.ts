import { existsSync } from 'node:fs'
import { askChart } from '../agent/api'
import type { Agent } from '../agent/find'
import { canActAs, runAs } from '../agent/user'
import { type Finding, good, note, unknown, wrong } from './finding'

/** Where the grant shows its two trace instances: see packaging/tcp-resets-grant. */
const FOLDER = '/run/netdata-tcp-resets'

/** Whether root has let the agent read the kernel's trace of resets. Nobody has to. */
export async function checkTracing(
  { user, path, url, conf }: Agent,
  platform: NodeJS.Platform,
): Promise<Finding[]> {
  if (platform !== 'linux') return []
  if (!existsSync(FOLDER)) {
    return [
      note(
        'tracing',
        `not granted (no ${FOLDER}): no peers and reasons`,
        'if you want them, as root: tcp-resets install --tracing',
      ),
    ]
  }
  if (user === undefined || !canActAs(user))
    return [unknown('tracing', `whether the agent can read ${FOLDER}: run this as root`)]
  const pipes = ['sent', 'received'].map(direction => `${FOLDER}/${direction}/trace_pipe`)
  const closed = pipes.filter(pipe => runAs(user, path, ['test', '-r', pipe]).status !== 0)
  if (closed.length > 0) {
    return [
      wrong(
        'tracing',
        `${user.name} can't read ${closed.join(', ')}`,
        'as root: tcp-resets install --tracing',
      ),
    ]
  }
  if (conf === undefined) return [good('tracing', `granted in ${FOLDER}`)]
  const chart = await askChart(url, 'ipv4.tcp_resets_traced')
  return [
    chart === undefined
      ? wrong(
          'tracing',
          `granted in ${FOLDER}, and the agent has no chart of it`,
          'look into the log of the agent',
        )
      : good('tracing', `granted in ${FOLDER}, and shown on ipv4.tcp_resets_traced`),
  ]
}
