import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findUser } from '../agent/user'
import { isRootsAlone } from '../install/whose'

const CONFIGURATION = '/etc/netdata/netdata.conf'

/**
 * The group that the agent has, or will have once it runs: that of its systemd unit, or of the user that the unit names, or
 * else its configuration. The same as in packaging/tcp-resets-grant.
 *
 * @returns its name or number
 * @throws where there is no such user
 */
export function agentsGroup(): string {
  const group = ofUnit('Group')
  if (group !== undefined) return group
  const name = ofUnit('User') ?? ofConfiguration() ?? 'netdata'
  const user = findUser(name)
  if (user === undefined) throw new Error(`there is no user ${name}`)
  return `${user.gid}`
}

/** Root is no answer: from there the agent changes to whom its configuration names. */
function ofUnit(property: 'Group' | 'User'): string | undefined {
  const { stdout } = spawnSync(
    'systemctl',
    ['show', `--property=${property}`, '--value', 'netdata.service'],
    {
      encoding: 'utf8',
    },
  )
  const named = stdout?.trim() ?? ''
  return named === '' || named === 'root' ? undefined : named
}

/** Where nobody but root can have written it. */
function ofConfiguration(): string | undefined {
  if (!isRootsAlone(CONFIGURATION)) return undefined
  const text = readFileSync(CONFIGURATION, 'utf8')
  return [...text.matchAll(/^[ \t]*run as user[ \t]*=[ \t]*(\S+)/gm)].at(-1)?.[1]
}
