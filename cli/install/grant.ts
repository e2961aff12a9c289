import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Agent } from '../agent/find'
import { HOME } from './command-files'
import type { Wanted } from './plan'
import { run } from './run'

// The grant is given by the command, and taken back by a script that needs no Node, so that this works whatever is left.

const UNIT = 'tcp-resets-tracing.service'
const COMMAND = join(HOME, 'bin/tcp-resets')
const SCRIPT = '/usr/local/sbin/tcp-resets-grant'

/**
 * The files of the grant; none where this build has none.
 *
 * @param group the agent's; absent where that is not known
 */
export function grantFiles(dist: string, systemd: boolean, group: number | undefined): Wanted[] {
  const source = join(dist, 'bin', 'tcp-resets-grant')
  if (!existsSync(source)) return []
  const unit = join(dist, 'systemd', UNIT)
  return [
    { path: SCRIPT, content: readFileSync(source), mode: 0o755, ifEdited: 'theirs-beside' },
    ...(systemd && existsSync(unit)
      ? [
          {
            path: join('/etc/systemd/system', UNIT),
            content: Buffer.from(ownUnit(readFileSync(unit, 'utf8'), group)),
            mode: 0o644,
            ifEdited: 'ours-beside' as const,
          },
        ]
      : []),
  ]
}

/** The unit names the place of the Debian package, and Debian's group. */
function ownUnit(text: string, group: number | undefined): string {
  const placed = text
    .replace('/usr/sbin/tcp-resets grant', `${COMMAND} grant`)
    .replace('/usr/sbin/tcp-resets-grant', SCRIPT)
  if (group === undefined) return placed
  return placed.replace('[Service]\n', `[Service]\nEnvironment=TCP_RESETS_GROUP=${group}\n`)
}

/**
 * Gives the grant, at once and, with systemd, at every boot.
 *
 * @returns what went wrong, for a person
 */
export function giveGrant(agent: Agent, how: 'systemd' | 'until-boot'): string | undefined {
  if (how === 'systemd') {
    // Where it is active already, it may be for another group.
    return (
      run(['systemctl', 'daemon-reload']) ??
      run(['systemctl', 'enable', UNIT]) ??
      run(['systemctl', 'restart', UNIT])
    )
  }
  return run([COMMAND, 'grant'], { TCP_RESETS_GROUP: `${agent.user?.gid ?? 'netdata'}` })
}

/** Takes it back; while the files are still there. */
export function revokeGrant(how: 'systemd' | 'until-boot'): string | undefined {
  return how === 'systemd' ? run(['systemctl', 'disable', '--now', UNIT]) : run([SCRIPT, 'revoke'])
}
