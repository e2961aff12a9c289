import { spawnSync } from 'node:child_process'
import type { Agent } from '../agent/find'
import { type Finding, good, note } from './finding'

/** Whether FreeBSD starts the agent by itself: rc.conf(5), as the rc.d script of the agent sees it. */
export function checkBoot(_agent: Agent, platform: NodeJS.Platform): Finding[] {
  if (platform !== 'freebsd') return []
  // rc.subr(8): `rcvar` only shows the variable, whatever its value is.
  const { stdout } = spawnSync('service', ['netdata', 'rcvar'], { encoding: 'utf8', timeout: 10_000 })
  const value = /^netdata_enable="?([^"\n]*)"?$/m.exec(stdout ?? '')?.[1]
  if (value === undefined) return [note('boot', 'Netdata has no rc.d script: something else starts it')]
  const saw = `netdata_enable is ${value || 'not set'} in rc.conf`
  if (/^(yes|true|on|1)$/i.test(value)) return [good('boot', saw)]
  return [
    note(
      'boot',
      `${saw}: Netdata is not started at boot, and "service netdata restart" refuses`,
      'sysrc netdata_enable=YES',
    ),
  ]
}
