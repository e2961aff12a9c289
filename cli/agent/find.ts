import { ask } from './ask'
import { type Layout, layoutAt, layoutFrom, PREFIXES, programsBelow } from './layout'
import { type NetdataConf, parseNetdataConf } from './netdata-conf'
import type { Processes } from './processes'
import { processesOn } from './processes-on'
import { findUser, type User } from './user'

interface Found {
  readonly layout: Layout
  readonly url: string
  /** What it says of its configuration; absent where it does not run, or does not answer, or is not to be believed. */
  readonly conf?: NetdataConf
  /** Its process, where this user may see that. */
  readonly pid?: number
  /** Absent where the machine has no such user. */
  readonly user?: User
  /** The PATH that its plugins get. */
  readonly path: string
  /** Where that is from: the agent's own word, or what services usually have. */
  readonly pathFrom: 'agent' | 'usual'
  readonly processes: Processes
}

/** Who answers at the address is anybody; enough to say what one sees, and not to change anything. */
export interface UnprovedAgent extends Found {
  readonly proved: false
}

/**
 * An agent whose answer came from the program of a known place that only root can change, or that is known by its files
 * alone. Only this one is installed into, told anything, or sent a signal.
 */
export interface ProvedAgent extends Found {
  readonly proved: true
}

/** An agent of this machine, running or not. */
export type Agent = ProvedAgent | UnprovedAgent

export interface Where {
  readonly platform: NodeJS.Platform
  /** The agent's address. */
  readonly url: string
  /** Where the agent is installed; wins over what a running one says. */
  readonly prefix: string | undefined
  /** What stands for `/`: another machine's files, say, so that no agent is asked. */
  readonly root: string | undefined
}

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
  const proved = await askRunning(where)
  if (proved.conf !== undefined && !proved.proved && process.geteuid?.() !== 0)
    return { ...describe(where, proved), proved: false }
  return { ...describe(where, proved.proved ? proved : {}), proved: true }
}

/**
 * The same for what changes something: one that is not proved is as good as not there.
 *
 * @throws with what was looked for where there is none
 */
export async function findProvedAgent(where: Where): Promise<ProvedAgent> {
  const running = await askRunning(where)
  return { ...describe(where, running.proved ? running : {}), proved: true }
}

type Running = Pick<Found, 'conf' | 'pid'>

function describe({ platform, url, prefix, root }: Where, running: Running): Found {
  const processes = processesOn(platform)
  const prefixes = prefix === undefined ? PREFIXES : [prefix]
  const guess = prefixes.map(each => layoutAt(each, platform, root)).find(Boolean)
  const answered = running.conf && layoutFrom(running.conf, url, platform)
  const layout = (prefix === undefined && answered) || guess
  if (layout === undefined) {
    throw new Error(
      `no Netdata: none answers at ${url}, and there are no plugins.d, conf.d and web of one below ` +
        `${prefixes.join(', ')}. Install Netdata, or name its place with --netdata-prefix`,
    )
  }
  // An agent that runs from elsewhere is another one than the one that was named.
  const theOne = answered?.plugins === layout.plugins ? running : {}
  const owner = theOne.pid === undefined ? undefined : processes.ownerOf(theOne.pid)
  const user = findUser(
    owner ? `${owner.uid}` : (theOne.conf?.get('global')?.get('run as user') ?? 'netdata'),
  )
  const path = theOne.conf?.get('environment variables')?.get('PATH')
  return {
    layout,
    url,
    ...(theOne.conf && { conf: theOne.conf }),
    ...(theOne.pid !== undefined && { pid: theOne.pid }),
    ...(user && { user }),
    path: path ?? USUAL_PATH,
    pathFrom: path === undefined ? 'usual' : 'agent',
    processes,
  }
}

async function askRunning({ platform, url, prefix, root }: Where): Promise<Running & { proved: boolean }> {
  if (root !== undefined) return { proved: false }
  const processes = processesOn(platform)
  let pids: number[] = []
  const answer = await ask(url, '/netdata.conf', connection => {
    pids = processes.atOtherEnd(connection)
  })
  if (answer?.status !== 200) return { proved: false }
  const conf = parseNetdataConf(answer.body)
  const layout = layoutFrom(conf, url, platform)
  const programs = [...PREFIXES, ...(prefix === undefined ? [] : [prefix])].flatMap(programsBelow)
  const [pid] = pids
  const proved =
    layout !== undefined &&
    pid !== undefined &&
    // Whoever else has the connection open could have answered in its place.
    pids.every(each => processes.runs(each, programs)) &&
    [layout.plugins, layout.stockConf, layout.userConf, layout.web].every(dir => processes.seesSame(pid, dir))
  return { conf, proved, ...(pid !== undefined && { pid }) }
}
