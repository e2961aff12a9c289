import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRegular } from '../install/file'
import { type Answer, ask, UNIX } from './ask'
import { type Layout, layoutAt, layoutFrom, layoutOver, PREFIXES, programsBelow } from './layout'
import { directoriesIn, type NetdataConf, parseNetdataConf, parseOwnConf, saysYes } from './netdata-conf'
import type { Processes } from './processes'
import { processesOn } from './processes-on'
import { findUser } from './user'
import type { Where } from './where'

/** Where an agent answers that nobody has told otherwise. */
export const USUAL_URL = 'http://127.0.0.1:19999'

/** What is known of an agent that runs; all of it absent where there is none. */
export interface Running {
  /** Where it answers: where it was asked, or where it sent us. */
  readonly url?: string
  /** What it runs with: its own word, or that of its file where it gives none. */
  readonly conf?: NetdataConf
  readonly layout?: Layout
  /** Its process, where this user may see that. */
  readonly pid?: number
  /** Why it can't be asked for data and alarms; absent where it can. */
  readonly silence?: string
  /** Why root does not believe what answers at the address; absent where it does, or where nothing answers. */
  readonly doubt?: string
}

/** What answers at the address, believed or not; else the agent that does not answer, known by its process. */
export async function askRunning(where: Where): Promise<Running> {
  const answered = await askAt(where.url, where)
  return answered.conf === undefined ? { ...answered, ...(await findSilent(where)) } : answered
}

/** The same, where what is not believed is no more than a doubt, and where the one that is meant may be another one. */
export async function askBelieved(where: Where): Promise<Running> {
  const { platform, url, prefix } = where
  const answered = await askAt(url, where)
  const meant = prefix === undefined ? undefined : layoutAt(prefix, platform)
  const isMeant = meant === undefined || answered.layout?.plugins === meant.plugins
  if (answered.conf !== undefined && answered.doubt === undefined && isMeant) return answered
  const found = await findSilent(where)
  if (found?.url !== undefined) return found
  const { doubt } = answered
  return { ...(doubt !== undefined && { doubt }), ...found }
}

/**
 * What the agent has just started has its connections open for a moment too, before it runs another program: it is
 * asked again until nobody has, or somebody will not let go.
 */
async function askAt(url: string, where: Where): Promise<Running> {
  for (let tries = 5; ; tries--) {
    const { isShared, ...running } = await askOnce(url, where)
    if (!isShared || tries === 1) return running
    await sleep(200)
  }
}

/** `isShared`: the agent has the connection open, and so has somebody else. */
async function askOnce(url: string, where: Where): Promise<Running & { readonly isShared?: boolean }> {
  const { platform, prefix } = where
  const processes = processesOn(platform)
  const programs = [...PREFIXES, ...(prefix === undefined ? [] : [prefix])].flatMap(programsBelow)
  let pids: number[] = []
  const meet = (answered: readonly number[]): void => {
    pids = [...answered]
  }
  const answer = await ask(url, '/netdata.conf', connection => meet(processes.atOtherEnd(connection)))
  const secure = secureOf(url, answer)
  if (secure !== undefined) return askAt(secure, where)
  if (answer === undefined) return {}
  if (answer.status !== 200) return { doubt: `it gives no /netdata.conf (status ${answer.status})` }
  if (url.startsWith(UNIX)) meet(processes.atSocket(url.slice(UNIX.length)))
  const [pid] = pids
  const conf = parseNetdataConf(answer.body)
  const layout = layoutFrom(conf, url, platform)
  // Whoever else has the connection open could have answered in its place.
  const doubts = pids.map(each => doubtOf(processes, each, programs))
  const doubt =
    pid === undefined
      ? 'which process that is can’t be seen'
      : (doubts.find(Boolean) ?? doubtOfAll(processes, pid, layout))
  const silence = await silenceOf(url, conf)
  return {
    url,
    conf,
    ...(layout && { layout }),
    ...(pid !== undefined && { pid }),
    ...(silence !== undefined && { silence }),
    ...(doubt !== undefined && { doubt }),
    isShared: doubts.some(Boolean) && doubts.includes(undefined),
  }
}

/** Where an agent with a certificate sends those who ask without; 1.37 says 301, and 2 has a status of its own, 399. */
function secureOf(url: string, answer: Answer | undefined): string | undefined {
  if (answer === undefined || answer.status < 300 || answer.status > 399) return undefined
  const secure = url.replace(/^http:/, 'https:')
  // Nowhere else: the same host, the same port.
  return secure !== url && answer.location.startsWith(`${secure.replace(/\/+$/, '')}/`) ? secure : undefined
}

/** Why an agent that tells its configuration tells no more; undefined where it does. */
async function silenceOf(url: string, conf: NetdataConf): Promise<string | undefined> {
  const status = (await ask(url, '/api/v1/alarms'))?.status
  if (status === 200) return undefined
  if (status === undefined) return 'it does not answer in time'
  const why = saysYes(conf, 'web', 'bearer token protection')
    ? 'bearer token protection = yes'
    : `allow dashboard from = ${conf.get('web')?.get('allow dashboard from')}`
  return `netdata.conf, [web]: ${why} (status ${status})`
}

/**
 * The agent of a known place that answers nobody here, or nobody at all: by its process, and by the files, which are
 * root's. One that was started with another configuration is another agent, perhaps somebody's own.
 */
async function findSilent(where: Where): Promise<Running | undefined> {
  const { platform, prefix } = where
  const processes = processesOn(platform)
  for (const each of prefix === undefined ? PREFIXES : [prefix]) {
    const files = layoutAt(each, platform)
    if (files === undefined) continue
    const programs = programsBelow(each)
    const file = join(files.userConf, 'netdata.conf')
    const all = processes.named('netdata')
    const first = all.find(({ pid, parent, args }) => {
      const at = args.indexOf('-c')
      const isChild = all.some(other => other.pid === parent) // they run the same program
      const isUsual = at < 0 || args[at + 1] === file
      return !isChild && isUsual && doubtOf(processes, pid, programs) === undefined
    })
    if (first === undefined) continue
    const conf = parseOwnConf(ownConfAt(file))
    const layout = layoutOver(files, conf)
    if (doubtOfAll(processes, first.pid, layout) !== undefined) continue
    const web = conf.get('web')
    const sockets = directoriesIn(web?.get('bind to') ?? '').filter(to => to.startsWith(`${UNIX}/`))
    // Where there is a path, something in front of it was asked, and that is no netdata.
    const behind = !where.url.startsWith(UNIX) && new URL(where.url).pathname !== '/' ? [USUAL_URL] : []
    for (const url of [...sockets.map(socket => socket.replace(/[=^].*/, '')), ...behind]) {
      const answered = await askAt(url, where)
      if (answered.pid === first.pid && answered.doubt === undefined) return answered
    }
    const silence =
      web?.get('mode') === 'none'
        ? 'netdata.conf, [web]: mode = none'
        : `it does not answer at ${where.url}: see [web] in ${file}, or name its address with --url`
    return { conf, layout, pid: first.pid, silence }
  }
  return undefined
}

function ownConfAt(file: string): string {
  try {
    return readRegular(file).toString()
  } catch {
    return '' // all of it has its defaults
  }
}

/** Why what a process says is not to be believed; undefined where it is the agent that root has set up. */
function doubtOf(processes: Processes, pid: number, programs: readonly string[]): string | undefined {
  if (!processes.runs(pid, programs))
    return `process ${pid} does not run a netdata that only root can change; one that was upgraded has to be restarted`
  // Any user may start that program, and have it say anything.
  const uid = processes.ownerOf(pid)?.uid
  if (uid === 0 || (uid !== undefined && uid === findUser('netdata')?.uid)) return undefined
  if (processes.isService(pid, 'netdata')) return undefined
  return `process ${pid} runs as user ${uid}, not as netdata or as the service netdata`
}

/** The agent's user may be turned against root: it does not get files put just anywhere. */
function doubtOfAll(processes: Processes, pid: number, layout: Layout | undefined): string | undefined {
  if (layout === undefined) return 'it does not say which directories it has'
  const directories = [layout.plugins, layout.stockConf, layout.userConf, layout.web]
  const [strange] = directories.filter(dir => !dir.split('/').includes('netdata'))
  if (strange !== undefined) return `it says ${strange}, which leads through no directory called netdata`
  const [other] = directories.filter(dir => !processes.seesSame(pid, dir))
  if (other !== undefined) return `process ${pid} sees another ${other} than root does, as in a container`
  return undefined
}
