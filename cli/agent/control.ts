import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Agent, ProvedAgent } from './find'

export const hasSystemd = (): boolean => existsSync('/run/systemd/system')

/** How a person restarts the agent here. */
export function restartCommand(): string {
  if (hasSystemd()) return 'systemctl restart netdata'
  if (existsSync('/etc/init.d/netdata') || existsSync('/usr/local/etc/rc.d/netdata'))
    return 'service netdata restart'
  return 'stop the agent and start it again'
}

export const pluginFile = (agent: Agent): string => join(agent.layout.plugins, 'tcp_resets.plugin')

/** The process of the plugin that the agent runs; undefined where there is none, or it can't be seen. */
export function pluginPid(agent: Agent): number | undefined {
  return agent.pid === undefined ? undefined : agent.processes.descendantRunning(pluginFile(agent), agent.pid)
}

/**
 * Makes the agent read its alarms again. By the signal where the process is known: `netdatacli` looks for the agent's
 * socket in /tmp, and systemd's PrivateTmp hides that.
 *
 * @returns whether it was told
 */
export function reloadHealth(agent: ProvedAgent): boolean {
  if (agent.pid !== undefined) return signal(agent.pid, 'SIGUSR2')
  return spawnSync('netdatacli', ['reload-health']).status === 0
}

/**
 * Ends the plugin, so that the agent starts the file that is there now.
 *
 * @returns its process; undefined where none runs
 */
export function endPlugin(agent: ProvedAgent): number | undefined {
  const pid = pluginPid(agent)
  if (pid !== undefined) signal(pid, 'SIGTERM')
  return pid
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false // it has just ended, or is another user's
  }
}
