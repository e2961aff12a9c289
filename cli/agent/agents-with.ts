import { join } from 'node:path'
import { type Into, seenInside } from './layout-into'
import { linuxProcesses } from './linux-processes'
import { isSameFile } from './same-file'

/** An agent in a container, as the host sees it. */
export interface AgentInside {
  readonly pid: number
  /** Where it looks for its host, as `-s` says in Netdata's image. */
  readonly host: string
  /** The plugin, as it sees it. */
  readonly plugin: string
}

/** What a container may have of each kind: where it is there, and where it is in DIR. */
function placesOf(into: Into, dir: string): { readonly inside: string; readonly plugins: string }[] {
  const { kind, layout } = into
  const plugins = seenInside(into, dir, layout.plugins)
  if (kind === 'root') return [{ inside: '/', plugins }]
  if (kind === 'configuration') return [{ inside: '/etc/netdata', plugins }]
  // Of a layer, files are mounted one by one; Kubernetes mounts the directory where it hides no other plugin.
  return [plugins, '/etc/netdata/custom-plugins.d'].map(plugins => ({
    inside: join(plugins, 'tcp_resets.plugin'),
    plugins,
  }))
}

/** The agents of this machine that have the files in DIR as theirs. Only root sees that. */
export function agentsWith(into: Into, dir: string): AgentInside[] {
  const all = linuxProcesses.named('netdata')
  const first = all.filter(({ parent }) => !all.some(({ pid }) => pid === parent))
  const own = into.kind === 'layer' ? join(into.layout.plugins, 'tcp_resets.plugin') : dir
  return first.flatMap(({ pid, args }) => {
    const place = placesOf(into, dir).find(({ inside }) => isSameFile(`/proc/${pid}/root${inside}`, own))
    if (place === undefined) return []
    const at = args.indexOf('-s')
    const host = (at < 0 ? undefined : args[at + 1]) ?? '/host'
    return [{ pid, host, plugin: join(place.plugins, 'tcp_resets.plugin') }]
  })
}
