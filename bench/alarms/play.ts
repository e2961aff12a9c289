import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dist } from '../../scripts/build'
import { type Agent, findNetdata, startAgent } from '../../scripts/private-agent'
import { type Host, type Hosts, makeHosts, PYTHON } from '../../test/kernel/hosts'
import type { Connects, Pattern, Service } from './patterns'
import { type Event, type Watch, watchAlarms } from './watch'

/** What one pattern did to the alarms. Times are milliseconds since its traffic began. */
export interface Outcome {
  readonly pattern: Pattern
  /** All notifications, also those from before the traffic. */
  readonly notices: readonly Event[]
  /** All changes of the alarms' states since they were armed. */
  readonly states: readonly Event[]
  /** Whether every alarm was clear, and said so where it says so, when the bench stopped looking. */
  readonly cleared: boolean
  /** Resets on the wire, as nftables counted them at the agent's host, since the traffic began. */
  readonly wire: { readonly sent: number; readonly received: number }
}

const SAMPLE = 1000
const MINUTE = 60_000
/** The 5m alarms need five minutes of the chart, and what is usual comes with the plugin's seventh minute. */
const ARMED_WITHIN = 9 * MINUTE
/** An alarm that comes late, such as one with a delay, is waited for. */
const LATE = 1.5 * MINUTE
/** A 5m alarm clears 2.5 min after the flood, and says so 2 min later. */
const CLEARED_WITHIN = 6.5 * MINUTE

/** Plays one pattern against an agent of its own, from its start until the alarms have cleared. */
export async function play(
  pattern: Pattern,
  stop: AbortSignal,
  say: (text: string) => void,
): Promise<Outcome> {
  const hosts = makeHosts()
  const watch = watchAlarms()
  const running: ChildProcess[] = []
  let agent: Agent | undefined
  try {
    prepare(pattern, hosts)
    agent = await startAgent({
      dist,
      netns: hosts.b.namespace,
      hostname: 'bench',
      onAlarm: watch.program,
      files: { 'health.d/stock_tcp_resets.conf': stockRules() },
      config: {
        directories: { 'stock health config': '/nonexistent' },
        health: { 'run at least every seconds': '1' },
        // Without it, Netdata shows no chart of its own until there is something on it.
        'plugin:proc:/proc/net/snmp': { 'ipv4 TCP handshake issues': 'yes' },
      },
    })
    if (pattern.service) running.push(serve(hosts, pattern.service))
    if (pattern.always) running.push(connects(hosts, pattern.always))
    return await observe(pattern, hosts, agent, watch, running, stop, say)
  } finally {
    await Promise.all(running.map(end))
    await agent?.stop()
    watch.remove()
    await hosts.remove()
  }
}

async function observe(
  pattern: Pattern,
  hosts: Hosts,
  agent: Agent,
  watch: Watch,
  running: ChildProcess[],
  stop: AbortSignal,
  say: (text: string) => void,
): Promise<Outcome> {
  const deadline = Date.now() + ARMED_WITHIN
  while (!((await knowsWhatIsUsual(agent)) && isArmed(watch.states))) {
    if (Date.now() > deadline) throw new Error(`${pattern.name}: not armed: ${[...watch.states].join('; ')}`)
    await sleep(SAMPLE, undefined, { signal: stop })
    await watch.changes(agent)
  }

  say('armed')
  const before = wire(hosts.b)
  const start = Date.now()
  if (pattern.connects) running.push(connects(hosts, pattern.connects))
  const over = start + pattern.lasts * 1000
  const states: Event[] = []
  let told = watch.notices().length
  for (;;) {
    await sleep(SAMPLE, undefined, { signal: stop })
    states.push(...(await watch.changes(agent)))
    const notices = watch.notices()
    for (const { at, whose, alarm, status } of notices.slice(told)) {
      say(`${((at - start) / 1000).toFixed(0)} s: ${whose} ${alarm} ${status}`)
    }
    told = notices.length
    const cleared = isClear(watch.states, notices)
    const now = Date.now()
    if ((now > over + LATE && cleared) || now > over + CLEARED_WITHIN) {
      const after = wire(hosts.b)
      return {
        pattern,
        notices: notices.map(event => ({ ...event, at: event.at - start })),
        states: states.map(event => ({ ...event, at: event.at - start })),
        cleared,
        wire: { sent: after.sent - before.sent, received: after.received - before.received },
      }
    }
  }
}

async function knowsWhatIsUsual(agent: Agent): Promise<boolean> {
  const { status, body } = await agent.get('/api/v1/alarm_variables?chart=ipv4.tcp_resets')
  return status === 200 && body.includes('"usual_sent"')
}

/** What an alarm is before it can be raised. */
const NOT_YET = ['UNINITIALIZED', 'UNDEFINED']

function isArmed(states: ReadonlyMap<string, string>): boolean {
  const raisable = [...states].filter(([name]) => /10s_|5m_/.test(name))
  return raisable.length === 6 && raisable.every(([, status]) => !NOT_YET.includes(status))
}

/** The 10s alarms clear silently, ours of 5m with a notice. */
function isClear(states: ReadonlyMap<string, string>, notices: readonly Event[]): boolean {
  const raised = notices.filter(({ alarm }) => alarm.startsWith('5m_')).at(-1)
  return (
    [...states.values()].every(status => !/WARNING|CRITICAL/.test(status)) &&
    (raised === undefined || raised.status === 'CLEAR')
  )
}

function prepare(pattern: Pattern, { a, b }: Hosts): void {
  for (const [name, value] of Object.entries(pattern.sysctl ?? {})) {
    inside(b, 'sh', '-c', `echo ${value} > /proc/sys/net/ipv4/${name}`)
  }
  for (const port of pattern.silent ?? []) {
    inside(a, 'nft', 'add', 'element', 'inet', 'truth', 'blackhole', `{ ${port} }`)
  }
}

/** The distribution's own rules on its own chart, next to ours: read where they are installed, and never a part of this. */
function stockRules(): string {
  return readFileSync(join(findNetdata()?.stockConf ?? '', 'health.d', 'tcp_resets.conf'), 'utf8').replaceAll(
    /^(\s*to:).*$/gm,
    '$1 sysadmin', // later versions have it silent
  )
}

function connects({ a, b }: Hosts, what: Connects): ChildProcess {
  const [from, to] = what.from === 'here' ? [b, a] : [a, b]
  const { ports, rate, seconds, rounds = 1, pause = 0, after } = what
  return start(
    from,
    process.execPath,
    join(__dirname, 'connects.cjs'),
    JSON.stringify({ host: to.ipv4, ports, rate, seconds, rounds, pause, after }),
  )
}

function serve({ b }: Hosts, { port, backlog, pause }: Service): ChildProcess {
  return start(b, PYTHON, join(__dirname, 'service.py'), `${port}`, `${backlog}`, `${pause}`)
}

function start({ namespace }: Host, ...command: string[]): ChildProcess {
  // Of its own session: Ctrl-C is for the bench, which then ends all in order.
  return spawn('ip', ['netns', 'exec', namespace, ...command], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

function inside({ namespace }: Host, ...command: string[]): string {
  return execFileSync('ip', ['netns', 'exec', namespace, ...command], { encoding: 'utf8' })
}

function wire(host: Host): { sent: number; received: number } {
  const { nftables } = JSON.parse(
    inside(host, 'nft', '-j', 'list', 'counters', 'table', 'inet', 'truth'),
  ) as {
    nftables: { counter?: { name: string; packets: number } }[]
  }
  const count = (prefix: string): number =>
    nftables.reduce((sum, { counter }) => sum + (counter?.name.startsWith(prefix) ? counter.packets : 0), 0)
  return { sent: count('rst_out'), received: count('rst_in') }
}
