import { readFileSync, realpathSync } from 'node:fs'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { askNodeOnPath, isNewEnough, pinnedNode } from '../agent/node'
import { canActAs, runAs } from '../agent/user'
import type { Placement } from './file'

/** What is put beside the plugin so that the agent finds a Node, and a word on it for the person who installs. */
export interface NodeChoice {
  readonly pin?: Placement
  readonly note: string
}

/**
 * The Node that the agent is to run the plugin with: the one on its PATH if that is new enough, else this one. One that
 * the agent's user can't run, such as a version manager's in somebody's home, is copied.
 */
export function chooseNode(agent: Agent): NodeChoice {
  const { user, path } = agent
  if (user === undefined || !canActAs(user)) {
    return { note: `Node was not tried as ${user?.name ?? 'the user netdata, which is not there'}` }
  }
  const onPath = askNodeOnPath(user, path)
  if (isNewEnough(onPath)) return { note: `Node: ${onPath.stdout.trim().split('\n').reverse().join(' at ')}` }

  const own = realpathSync(process.execPath)
  const beside = pinnedNode(pluginFile(agent))
  const why = onPath.stdout.trim().split('\n').reverse().join(' at ') || 'none'
  const pinned = `Node: ${process.version}, named in ${beside}; on the PATH of the agent: ${why}`
  if (isNewEnough(runAs(user, path, [own, '--version']))) {
    return {
      pin: { path: beside, content: { link: own }, mode: 0o777 },
      note: pinned.replace('named', `at ${own}, named`),
    }
  }
  return {
    pin: { path: beside, content: readFileSync(own), mode: 0o755 },
    note: `${pinned}. It is a copy, because ${user.name} can't run ${own}: install again when you update Node`,
  }
}
