import { setTimeout as sleep } from 'node:timers/promises'
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
  /** Why root does not believe what answers at the address; absent where it does, or where nothing answers. */
  readonly doubt?: string
}

/** Who answers at the address is anybody; enough to say what one sees, and not to change anything. */
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
  const running = await askRunning(where)
  if (running.conf !== undefined && running.doubt !== undefined && process.geteuid?.() !== 0)
    return { ...describe(where, running), proved: false }
  return { ...describe(where, believed(running)), proved: true }
}

/**
 * The same for what changes something: one that is not proved is as good as not there.
 *
 * @throws with what was looked for where there is none
 */
export async function findProvedAgent(where: Where): Promise<ProvedAgent> {
  return { ...describe(where, believed(await askRunning(where))), proved: true }
}

type Running = Pick<Found, 'conf' | 'pid' | 'doubt'>

const believed = (running: Running): Running =>
  running.doubt === undefined ? running : { doubt: running.doubt }

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
  const theOne: Running = answered?.plugins === layout.plugins ? running : {}
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
    ...(running.doubt !== undefined && { doubt: running.doubt }),
    path: path ?? USUAL_PATH,
    pathFrom: path === undefined ? 'usual' : 'agent',
    processes,
  }
}

/**
 * What the agent has just started has its connections open for a moment too, before it runs another program: it is
 * asked again until nobody has, or somebody will not let go.
 */
async function askRunning(where: Where): Promise<Running> {
  for (let tries = 5; ; tries--) {
    const { isShared, ...running } = await askOnce(where)
    if (!isShared || tries === 1) return running
    await sleep(200)
  }
}

/** `isShared`: the agent has the connection open, and so has somebody else. */
async function askOnce({
  platform,
  url,
  prefix,
  root,
}: Where): Promise<Running & { readonly isShared?: boolean }> {
  if (root !== undefined) return {}
  const processes = processesOn(platform)
  const programs = [...PREFIXES, ...(prefix === undefined ? [] : [prefix])].flatMap(programsBelow)
  let pid: number | undefined
  let doubt: string | undefined = 'which process that is can’t be seen'
  let isShared = false
  const answer = await ask(url, '/netdata.conf', connection => {
    const pids = processes.atOtherEnd(connection)
    pid = pids[0]
    // Whoever else has the connection open could have answered in its place.
    const doubts = pids.map(each => doubtOf(processes, each, programs))
    if (pid !== undefined) doubt = doubts.find(Boolean)
    isShared = doubt !== undefined && doubts.includes(undefined)
  })
  if (answer === undefined) return {}
  if (answer.status !== 200) return { doubt: `it gives no /netdata.conf (status ${answer.status})` }
  const conf = parseNetdataConf(answer.body)
  const layout = layoutFrom(conf, url, platform)
  const directories = layout && [layout.plugins, layout.stockConf, layout.userConf, layout.web]
  if (doubt === undefined) doubt = doubtOfAll(processes, pid, directories)
  return { conf, ...(pid !== undefined && { pid }), ...(doubt !== undefined && { doubt }), isShared }
}

/** Why what a process says is not to be believed; undefined where it is the agent that root has set up. */
function doubtOf(processes: Processes, pid: number, programs: readonly string[]): string | undefined {
  if (!processes.runs(pid, programs))
    return `process ${pid} does not run a netdata that only root can change; one that was upgraded has to be restarted`
  // Any user may start that program, and have it say anything.
  const uid = processes.ownerOf(pid)?.uid
  if (uid === 0 || (uid !== undefined && uid === findUser('netdata')?.uid)) return undefined
  if (processes.isService(pid, 'netdata')) return undefined
  return `process ${pid} runs as user ${uid}, and neither as netdata nor as the service netdata`
}

/** The agent's user may be turned against root: it does not get files put just anywhere. */
function doubtOfAll(processes: Processes, pid = 0, directories: readonly string[] = []): string | undefined {
  const [strange] = directories.filter(dir => !dir.split('/').includes('netdata'))
  if (strange !== undefined) return `it says ${strange}, which leads through no directory called netdata`
  const [other] = directories.filter(dir => !processes.seesSame(pid, dir))
  if (other !== undefined) return `process ${pid} sees another ${other} than root does, as in a container`
  return directories.length === 0 ? 'it does not say which directories it has' : undefined
}
