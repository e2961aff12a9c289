import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'
import { askNodeOnPath, isNewEnough, pinnedNode } from '../agent/node'
import { canActAs, runAs } from '../agent/user'
import type { Placement } from './file'
import { isRootsAlone } from './whose'

/** What is put beside the plugin so that the agent finds a Node, and a word on it for the person who installs. */
export interface NodeChoice {
  readonly pin?: Placement
  readonly note: string
}

/** The Node that is in the same archive as the plugin; undefined where there is none. */
function broughtNode(dist: string): string | undefined {
  const path = pinnedNode(join(dist, 'plugins.d', 'tcp_resets.plugin'))
  return existsSync(path) ? path : undefined
}

/**
 * The Node that the agent is to run the plugin with: the one that came with the plugin, if it runs here; else the one on
 * the agent's PATH if that is new enough, else this one. One that the agent's user can't run, such as a version manager's
 * in somebody's home, is copied, and so is one that others can change.
 *
 * @param dist the built tree
 */
export function chooseNode(agent: Agent, dist: string): NodeChoice {
  const { user, path } = agent
  const own = realpathSync(process.execPath)
  const beside = pinnedNode(pluginFile(agent))
  const brought = broughtNode(dist)
  // Where it does not run the launcher of this very command has passed it over.
  const came = brought !== undefined && realpathSync(brought) === own
  const isThere = lstatSync(beside, { throwIfNoEntry: false })?.isFile() && realpathSync(beside) === own
  if (came || isThere) {
    return {
      pin: { path: beside, content: readFileSync(own), mode: 0o755 },
      note: `Node: ${process.version}, which ${came ? 'came with this' : 'is there already'}, as ${beside}`,
    }
  }
  if (user === undefined || !canActAs(user)) {
    return { note: `Node was not tried as ${user?.name ?? 'the user netdata, which does not exist'}` }
  }
  const onPath = askNodeOnPath(user, path)
  const seen = onPath.stdout.trim().split('\n').reverse().join(' at ')
  if (isNewEnough(onPath)) return { note: `Node: ${seen}` }

  const pinned = `Node: ${process.version}, named in ${beside}; on the PATH of the agent: ${seen || 'none'}`
  const isRunByUser = isNewEnough(runAs(user, path, [own, '--version']))
  // The command runs it too, as root, at every boot where tracing is granted.
  if (isRunByUser && (process.geteuid?.() !== 0 || isRootsAlone(own))) {
    return {
      pin: { path: beside, content: { link: own }, mode: 0o777 },
      note: pinned.replace('named', `at ${own}, named`),
    }
  }
  return {
    pin: { path: beside, content: readFileSync(own), mode: 0o755 },
    note: `${pinned}. It is a copy, because ${isRunByUser ? 'others can change' : `${user.name} can't run`} ${own}: install again when you update Node`,
  }
}
