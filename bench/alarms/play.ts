import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent } from '../../scripts/private-agent'
import { type Host, type Hosts, makeHosts, PYTHON } from '../../test/kernel/hosts'
import type { Connects, Pattern, Service } from './patterns'
import { connects, end, inside, isArmed, knowsWhatIsUsual, start, startJudged } from './stage'
import { type Event, type Notice, type Watch, watchAlarms } from './watch'

/** What one pattern did to the alarms. Times are milliseconds since its traffic began. */
export interface Outcome {
  readonly pattern: Pattern
  /** All notifications, also those from before the traffic. */
  readonly notices: readonly Notice[]
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
/** A 5m alarm clears 2.5 min after the flood, and says so a minute later, which is half an hour with the rules as they are. */
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
    agent = await startJudged(watch.program, {
      netns: hosts.b.namespace,
      hostname: 'bench',
      files: { 'tcp_resets.conf': 'namespaces: { enabled: false }\n' }, // the other patterns have theirs
    })
    if (pattern.service) running.push(serve(hosts, pattern.service))
    if (pattern.always) running.push(connect(hosts, pattern.always))
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
  if (pattern.connects) running.push(connect(hosts, pattern.connects))
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

/** Netdata's own clear silently, ours with a notice. */
function isClear(states: ReadonlyMap<string, string>, notices: readonly Notice[]): boolean {
  const last = new Map(notices.map(notice => [notice.alarm, notice]))
  return (
    [...states.values()].every(status => !/WARNING|CRITICAL/.test(status)) &&
    [...last.values()].every(({ whose, status }) => whose === 'stock' || status === 'CLEAR')
  )
}

function prepare(pattern: Pattern, { a, b }: Hosts): void {
  for (const [name, value] of Object.entries(pattern.sysctl ?? {})) {
    inside(b.namespace, 'sh', '-c', `echo ${value} > /proc/sys/net/ipv4/${name}`)
  }
  for (const port of pattern.silent ?? []) {
    inside(a.namespace, 'nft', 'add', 'element', 'inet', 'truth', 'blackhole', `{ ${port} }`)
  }
}

function serve({ b }: Hosts, { port, backlog, pause }: Service): ChildProcess {
  return start(b.namespace, PYTHON, join(__dirname, 'service.py'), `${port}`, `${backlog}`, `${pause}`)
}

function connect({ a, b }: Hosts, what: Connects): ChildProcess {
  const [from, to] = what.from === 'here' ? [b, a] : [a, b]
  return connects(from.namespace, to.ipv4, what)
}

function wire(host: Host): { sent: number; received: number } {
  const { nftables } = JSON.parse(
    inside(host.namespace, 'nft', '-j', 'list', 'counters', 'table', 'inet', 'truth'),
  ) as {
    nftables: { counter?: { name: string; packets: number } }[]
  }
  const count = (prefix: string): number =>
    nftables.reduce((sum, { counter }) => sum + (counter?.name.startsWith(prefix) ? counter.packets : 0), 0)
  return { sent: count('rst_out'), received: count('rst_in') }
}
