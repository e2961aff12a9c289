import { ask } from './ask'
import { type Layout, layoutAt, layoutFrom, PREFIXES } from './layout'
import { type NetdataConf, parseNetdataConf } from './netdata-conf'
import { type Processes, processesOn } from './processes'
import { findUser, type User } from './user'

/** An agent of this machine, running or not. */
export interface Agent {
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
 * Finds the agent: what a running one says beats guessing, and a prefix that was named beats all.
 *
 * @throws with what was looked for where there is none
 */
export async function findAgent({ platform, url, prefix, root }: Where): Promise<Agent> {
  const processes = processesOn(platform)
  const running = root === undefined ? await askRunning(url, processes) : {}
  const prefixes = prefix === undefined ? PREFIXES : [prefix]
  const guess = prefixes.map(each => layoutAt(each, platform, root)).find(Boolean)
  const answered = running.conf && layoutFrom(running.conf, url)
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
    ...theOne,
    ...(user && { user }),
    path: path ?? USUAL_PATH,
    pathFrom: path === undefined ? 'usual' : 'agent',
    processes,
  }
}

async function askRunning(url: string, processes: Processes): Promise<Pick<Agent, 'conf' | 'pid'>> {
  const answer = await ask(url, '/netdata.conf')
  if (answer?.status !== 200) return {}
  const conf = parseNetdataConf(answer.body)
  const pid = processes.listenerOn(Number(new URL(url).port || 80))
  if (process.getuid?.() === 0) {
    const plugins = layoutFrom(conf, url)?.plugins
    if (pid === undefined || !processes.isTrustedNetdata(pid)) return {}
    if (plugins === undefined || !processes.seesSame(pid, plugins)) return {}
  }
  return { conf, ...(pid !== undefined && { pid }) }
}
