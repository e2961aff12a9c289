import { type Layout, layoutAt, PREFIXES } from './layout'
import type { NetdataConf } from './netdata-conf'
import type { Processes } from './processes'
import { processesOn } from './processes-on'
import { askBelieved, askRunning, type Running } from './running'
import { findUser, type User } from './user'
import type { Where } from './where'

interface Found {
  readonly layout: Layout
  readonly url: string
  /** What it runs with; absent where it does not run, or is not to be believed. */
  readonly conf?: NetdataConf
  /** Why one that runs can't be asked for data and alarms; absent where it can. */
  readonly silence?: string
  /** Its process, where this user may see that. */
  readonly pid?: number
  /** Absent where the machine has no such user. */
  readonly user?: User
  /** The PATH that its plugins get. */
  readonly path: string
  /** Where that is from: the agent's own word, or what services usually have. */
  readonly pathFrom: 'agent' | 'usual'
  readonly processes: Processes
  /** Why root does not believe what answers at the address; absent where it does, or where nothing answers. */
  readonly doubt?: string
}

/** Anybody may be answering at the address: that is enough to report what is seen, but not to change anything. */
export interface UnprovedAgent extends Found {
  readonly proved: false
}

/**
 * An agent whose answer came from the program of a known place that only root can change, run by whom root has run it;
 * or that is known by its files alone. Only this one is installed into, told anything, or sent a signal.
 */
export interface ProvedAgent extends Found {
  readonly proved: true
}

/** An agent of this machine, running or not. */
export type Agent = ProvedAgent | UnprovedAgent

/**
 * What systemd (and FreeBSD's rc.d less /usr/local, which the agent adds) gives the agent, as far as plugins see it.
 */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Finds the agent: what a running one says beats guessing, and a prefix that was named beats all. Root believes a proved
 * one only.
 *
 * @throws with what was looked for where there is none
 */
export async function findAgent(where: Where): Promise<Agent> {
  if (process.geteuid?.() === 0) return findProvedAgent(where)
  const running = await askRunning(where)
  return { ...describe(where, running), proved: false }
}

/**
 * The same for what changes something: one that is not proved is as good as not there.
 *
 * @throws with what was looked for where there is none
 */
export async function findProvedAgent(where: Where): Promise<ProvedAgent> {
  return { ...describe(where, await askBelieved(where)), proved: true }
}

function describe({ platform, url, prefix }: Where, running: Running): Found {
  const processes = processesOn(platform)
  const prefixes = prefix === undefined ? PREFIXES : [prefix]
  const guess = prefixes.map(each => layoutAt(each, platform)).find(Boolean)
  const layout = (prefix === undefined && running.layout) || guess
  if (layout === undefined) {
    throw new Error(
      `no Netdata found: none answers at ${url}, and there are no plugins.d, conf.d and web of a Netdata below ` +
        `${prefixes.join(', ')}. Install Netdata, or say where it is with --netdata-prefix`,
    )
  }
  // An agent that runs from elsewhere is another one than the one that was named.
  const theOne: Running = running.layout?.plugins === layout.plugins ? running : {}
  const owner = theOne.pid === undefined ? undefined : processes.ownerOf(theOne.pid)
  const user = findUser(
    owner ? `${owner.uid}` : (theOne.conf?.get('global')?.get('run as user') ?? 'netdata'),
  )
  const path = theOne.conf?.get('environment variables')?.get('PATH')
  return {
    layout,
    url: theOne.url ?? url,
    ...(theOne.silence !== undefined && { silence: theOne.silence }),
    ...(theOne.conf && { conf: theOne.conf }),
    ...(theOne.pid !== undefined && { pid: theOne.pid }),
    ...(user && { user }),
    ...(running.doubt !== undefined && { doubt: running.doubt }),
    path: path ?? USUAL_PATH,
    pathFrom: path === undefined ? 'usual' : 'agent',
    processes,
  }
}
