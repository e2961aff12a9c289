import { readlinkSync } from 'node:fs'
import { readChartIds } from '../agent/answers'
import { askJson } from '../agent/ask'
import type { Agent } from '../agent/find'
import { sharesNamespace } from '../agent/linux-processes'
import { configurationOf } from './configuration'
import { hasNetworkOf, hostSeenAt } from './container'
import { type Finding, good, note, unknown } from './finding'

const OWN = 'ipv4.tcp_resets'

/** Which network namespaces are seen: the host's own, and those of containers. */
export async function checkNamespaces(agent: Agent, platform: NodeJS.Platform): Promise<Finding[]> {
  const { conf, layout, pid, url } = agent
  if (platform !== 'linux') return []
  if (conf === undefined) return [unknown('containers', 'the agent does not run')]
  const host = hostSeenAt(agent)
  // In a container, process 1 is its own.
  const seen = host === undefined ? undefined : hasNetworkOf(host)
  const shared = seen ?? (pid === undefined ? undefined : sharesNamespace('net', pid, 1))
  if (shared === undefined) {
    return [unknown('containers', 'which network namespace the agent runs in: run this as root')]
  }
  const ids = await askJson(url, '/api/v1/charts', answer => readChartIds(answer, OWN))
  const others = (ids ?? []).filter(id => id !== OWN).map(id => id.replace(`${OWN}_`, ''))
  const { enabled } = (await configurationOf(layout)).namespaces
  const saw = !enabled
    ? 'others are turned off in the configuration (namespaces.enabled)'
    : ids === undefined
      ? 'the agent does not say which others it sees'
      : others.length === 0
        ? 'no other namespace has a chart'
        : `charts of ${others.length} others: ${others.slice(0, 10).join(', ')}${others.length > 10 ? ' …' : ''}`
  if (shared) return [good('containers', `the agent runs in the network namespace of process 1; ${saw}`)]
  const own = readlinkSync(`/proc/${pid}/ns/net`)
  return [
    note(
      'containers',
      `the agent runs in the network namespace ${own}, which is not that of process 1, and its chart shows that one; ${saw}`,
      'to see the host, run the agent with the network of the host',
    ),
  ]
}
