import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from '../../plugin/attempt'
import { DIRECTIONS } from '../../plugin/tracing/event'
import { type AgentInside, agentsWith } from '../agent/agents-with'
import * as needs from '../agent/container-needs'
import { PREFIXES } from '../agent/layout'
import { type Into, layoutInto } from '../agent/layout-into'
import { linuxProcesses, sharesNamespace } from '../agent/linux-processes'
import { pinnedNode } from '../agent/node'
import { isSameFile } from '../agent/same-file'
import { runAs } from '../agent/user'
import { checkInstallation } from './files'
import { type Finding, good, note, unknown, wrong } from './finding'
import { putJustNow } from './not-yet'

/** Where the grant shows its trace instances, on the host and in the container. */
const GRANTED = '/run/netdata-tcp-resets'

/**
 * Checks the files in what a container has, and what the agent that runs with them is shown of this machine.
 *
 * @throws where the directory is nothing that files can be put into
 */
export function checkInto(dir: string, prefix: string | undefined, platform: NodeJS.Platform): Finding[] {
  const into = layoutInto(dir, prefix === undefined ? PREFIXES : [prefix], platform)
  const { layout } = into
  const plugin = join(layout.plugins, 'tcp_resets.plugin')
  const again = `tcp-resets install --into ${dir}`
  if (!existsSync(plugin)) return [wrong('plugin', `no ${plugin}`, again)]
  return [
    good('netdata', layout.from),
    ...checkInstallation({ root: dir, state: layout.state, plugin, again }),
    ...checkPrograms(plugin, again),
    ...checkAgents(into, dir, plugin, platform),
  ]
}

/** Whether everybody can run them: who the agent is can only be told where it runs. */
function checkPrograms(plugin: string, again: string): Finding[] {
  const node = pinnedNode(plugin)
  const closed = [plugin, node].filter(path => existsSync(path) && (statSync(path).mode & 0o555) !== 0o555)
  return [
    closed.length > 0
      ? wrong('plugin', `not everybody can run ${closed.join(', ')}`, again)
      : good('plugin', `everybody can run ${plugin}`),
    existsSync(node)
      ? good('node', `it has its own, ${node}`)
      : note('node', 'none beside the plugin: the container needs Node.js 18 or later on its PATH'),
  ]
}

function checkAgents(into: Into, dir: string, plugin: string, platform: NodeJS.Platform): Finding[] {
  if (platform !== 'linux' || process.geteuid?.() !== 0)
    return [unknown('container', 'whether one runs with these files: run this as root of its host, on Linux')]
  const agents = agentsWith(into, dir)
  if (agents.length > 0) return agents.flatMap(agent => [...checkShown(agent), checkRuns(agent, plugin)])
  const saw = 'no Netdata of this machine runs with these files, so what it sees of its host can’t be told'
  const copied = ', or only with a copy of them (then: docker exec NAME tcp-resets doctor)'
  const flags = needs.NEEDS.map(({ flag }) => flag).join(' ')
  return [
    note(
      'container',
      into.kind === 'layer' ? `${saw}${copied}` : saw,
      `start it with the flags that are wanted: ${flags}`,
    ),
  ]
}

/** By what is there and not by its name: a directory of the same name may be empty, or the container's own. */
function checkShown({ pid, host }: AgentInside): Finding[] {
  const root = `/proc/${pid}/root`
  const isShown = (path: string): boolean => isSameFile(join(root, host, path), path)
  const isHidden = (path: string): boolean => existsSync(path) && !isShown(path)
  const shares = (kind: string): boolean => sharesNamespace(kind, pid, 1) === true
  const netns = attempt(() => readdirSync('/run/netns')) ?? []
  const isTraced = DIRECTIONS.every(direction => existsSync(join(GRANTED, direction)))
  const lacks = [
    ...(shares('net') ? [] : [needs.NETWORK]),
    ...(shares('pid') ? [] : [needs.PROCESSES]),
    ...(isShown('/proc/1/ns/pid') ? [] : [needs.PROC]),
    ...(isHidden('/var/log/pods') ? [needs.POD_LOGS] : []),
    ...(isHidden('/var/log/containers') ? [needs.POD_CONTAINERS] : []),
    ...(netns.some(name => isHidden(join('/run/netns', name))) ? [needs.NETNS] : []),
    ...(isTraced && DIRECTIONS.some(of => !isSameFile(join(root, GRANTED, of), join(GRANTED, of)))
      ? [needs.TRACING]
      : []),
  ]
  const namespace = attempt(() => readlinkSync(`/proc/${pid}/ns/net`)) ?? 'one that can’t be seen'
  const whose = shares('net') ? 'that of the host' : 'not that of the host: its own chart is of that one'
  return [
    good(
      'container',
      `process ${pid} runs with these files, in the network namespace ${namespace}, ${whose}`,
    ),
    lacks.length === 0
      ? good('mounts', `it sees all of this host that there is to see, below ${host}`)
      : note(
          'mounts',
          `it lacks: ${lacks.map(({ why }) => why).join('; ')}`,
          `of these, add what you want: ${lacks.map(({ flag }) => flag).join(' ')}`,
        ),
    checkGranted(pid, isTraced),
  ]
}

/** Whether the host lets the agent's user read the kernel's trace of resets, if it is shown to it. */
function checkGranted(pid: number, isTraced: boolean): Finding {
  const owner = linuxProcesses.ownerOf(pid)
  if (owner === undefined) return unknown('tracing', 'the agent has just ended')
  const grant = `if you want them, as root of the host: TCP_RESETS_GROUP=${owner.gid} tcp-resets grant`
  if (!isTraced) return note('tracing', 'the host has given no grant: no reasons and peers', grant)
  const user = { name: `user ${owner.uid}`, ...owner }
  const pipes = DIRECTIONS.map(direction => join(GRANTED, direction, 'trace_pipe'))
  return pipes.every(pipe => runAs(user, '/usr/bin:/bin', ['test', '-r', pipe]).status === 0)
    ? good('tracing', `the host lets ${user.name} and group ${user.gid} read ${GRANTED}`)
    : note('tracing', `${user.name} of the agent can’t read ${GRANTED}: no reasons and peers`, grant)
}

function checkRuns({ pid, plugin }: AgentInside, put: string): Finding {
  const runs = linuxProcesses.descendantRunning(plugin, pid)
  if (runs !== undefined) return good('running', `process ${runs} is ${plugin} of the container`)
  const early = putJustNow(put)
  if (early !== undefined) return note('running', `not started yet: ${early}`)
  return wrong(
    'running',
    `no process of the agent runs ${plugin}`,
    'restart the container (docker restart NAME); if it is still so, see why in its log (docker logs NAME)',
  )
}
