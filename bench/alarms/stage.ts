import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { healthFileFor } from '../../cli/install/health-form'
import { dist } from '../../scripts/build'
import { type Agent, type AgentOptions, findNetdata, startAgent } from '../../scripts/private-agent'
import type { Connects } from './patterns'

// What a pattern is played with: agents with both kinds of rules, and programs in network namespaces.

/** So long an episode is over before it is told: half an hour. Where time is not compressed, the bench does not wait for that. */
const SHORTER = 'delay: down 1m'

/** An agent with our rules on our charts, and the distribution's own on its own chart. */
export function startJudged(
  program: string,
  { config = {}, files = {}, ...options }: Partial<AgentOptions>,
): Promise<Agent> {
  const netdata = findNetdata()
  if (netdata === undefined) throw new Error('Netdata is not installed')
  const ours = readFileSync(join(dist, ...healthFileFor(netdata.stockConf)), 'utf8')
  return startAgent({
    dist,
    onAlarm: program,
    ...options,
    files: {
      'health.d/tcp_resets.conf': options.speed ? ours : ours.replaceAll('delay: down 30m', SHORTER),
      'health.d/stock_tcp_resets.conf': stockRules(netdata.stockConf),
      ...files,
    },
    config: {
      directories: { 'stock health config': '/nonexistent' },
      health: { 'run at least every seconds': '1' },
      // Without it, Netdata shows no chart of its own until there is something on it.
      'plugin:proc:/proc/net/snmp': { 'ipv4 TCP handshake issues': 'yes' },
      ...config,
    },
  })
}

/** Read where they are installed, and never a part of this. */
function stockRules(stockConf: string): string {
  return readFileSync(join(stockConf, 'health.d', 'tcp_resets.conf'), 'utf8').replaceAll(
    /^(\s*to:).*$/gm,
    '$1 sysadmin', // later versions have it silent
  )
}

/** Seconds since the epoch, in the agent's time. */
export async function timeOf(agent: Agent): Promise<number> {
  return ((await agent.json('/api/v1/alarms')) as { now: number }).now
}

export async function knowsWhatIsUsual(agent: Agent): Promise<boolean> {
  const { status, body } = await agent.get('/api/v1/alarm_variables?chart=ipv4.tcp_resets')
  return status === 200 && body.includes('"usual_sent"')
}

/** What an alarm is before it can be raised. */
const NOT_YET = ['UNINITIALIZED', 'UNDEFINED']

/** Whether each alarm on the resets of the host can be raised, by `whose alarm`. */
export function isArmed(states: ReadonlyMap<string, string>): boolean {
  const raisable = [...states].filter(([name]) => /10s_|5m_/.test(name))
  return raisable.length === 6 && raisable.every(([, status]) => !NOT_YET.includes(status))
}

/** @param speed how many seconds it lives through in one */
export function connects(
  namespace: string,
  host: string,
  { ports, rate, seconds, rounds = 1, pause = 0, after }: Omit<Connects, 'from'>,
  speed = 1,
): ChildProcess {
  return start(
    namespace,
    ...(speed === 1 ? [] : ['faketime', '-m', '-f', `+0 x${speed}`]),
    process.execPath,
    join(__dirname, 'connects.cjs'),
    JSON.stringify({ host, ports, rate, seconds, rounds, pause, after }),
  )
}

/** Waits for the first of its connects. */
export async function begun({ stdout }: ChildProcess): Promise<void> {
  if (stdout) await once(stdout, 'data')
}

export function start(namespace: string, ...command: string[]): ChildProcess {
  // Of its own session: Ctrl-C is for the bench, which then ends all in order.
  return spawn('ip', ['netns', 'exec', namespace, ...command], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** With what it has started. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exit = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await exit
}

export function inside(namespace: string, ...command: string[]): string {
  return execFileSync('ip', ['netns', 'exec', namespace, ...command], { encoding: 'utf8' })
}
