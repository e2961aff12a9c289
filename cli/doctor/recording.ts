import { existsSync } from 'node:fs'
import { messageOf } from '../../plugin/message'
import { RECORDINGS, recordingsIn } from '../../plugin/recording/recording'
import { REQUEST } from '../../plugin/recording/request'
import { findProgram } from '../../plugin/sources/find-program'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { canActAs, runAs } from '../agent/user'
import { isPackaged } from '../install/packaged'
import { type Finding, good, note, unknown, wrong } from './finding'

/** What systemd gives its services. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Whether bursts are recorded when they begin. Nobody has to. */
export function checkRecording(agent: Agent, platform: NodeJS.Platform): Finding[] {
  const { user, path } = agent
  if (platform !== 'linux') return []
  if (!existsSync(REQUEST))
    return [note('recording', `off (no ${REQUEST}): a burst is not recorded when it begins`)]
  if (findProgram('tcpdump', PATH) === undefined)
    return [
      wrong('recording', 'on, but tcpdump is not installed', 'apt install tcpdump, or dnf install tcpdump'),
    ]
  if (user === undefined || !canActAs(user))
    return [unknown('recording', `whether the agent can write to ${REQUEST}: run this as root`)]
  if (runAs(user, path, ['test', '-w', REQUEST]).status !== 0)
    return [
      wrong(
        'recording',
        `${user.name} can't write to ${REQUEST}`,
        isPackaged('/', pluginFile(agent))
          ? `as root: systemctl edit tcp-resets-recording-request tcp-resets-recording, and put the agent's group there: [Service] Group=${user.gid}`
          : 'as root: tcp-resets install',
      ),
    ]
  return [keptOf(RECORDINGS)]
}

function keptOf(store: string): Finding {
  try {
    const kept = recordingsIn(store)
    return good('recording', `on; ${kept.length} kept in ${store}`)
  } catch (thrown) {
    return wrong('recording', messageOf(thrown), `chmod 2750 ${store}`)
  }
}
