import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dist } from '../../scripts/build'
import type { Agent } from '../../scripts/private-agent'
import { makeHosts } from '../../test/kernel/hosts'
import { makeBridge } from './bridge'
import type { Verdict } from './judge'
import type { Connects } from './patterns'
import { begun, connects, end, isArmed, knowsWhatIsUsual, start, startJudged, timeOf } from './stage'
import { type Notice, type Watch, watchAlarms } from './watch'

// What one agent and two hosts are not enough for: many containers, a Parent, a restart, and hours.

/** What somebody was told. */
interface Told {
  /** Seconds since the traffic began. */
  readonly at: number
  readonly notice: Notice
}

/** What is going on while a scene is played, all of which is ended with it. */
interface Stage {
  readonly stop: AbortSignal
  readonly watch: Watch
  say(text: string): void
  /** To be undone at the end, the latest first. */
  later(undo: () => unknown): void
}

export interface Scene {
  readonly name: string
  readonly expected: string
  /** Plays it, and tells what is wrong with what was told; nothing where all is right. */
  play(stage: Stage): Promise<{ readonly told: readonly Told[]; readonly wrong: readonly string[] }>
}

const CLOSED: Connects['ports'] = [1, 1]
const SERVED: Connects['ports'] = [80, 80]
/** A 5m alarm is told so many seconds after its flood began, at most. */
const SOON = 180
const AT_ONCE = 15
/** A container gets its chart in its 31st second: most that start are gone by then. */
const UNSEEN = 31
/** The rules of the containers are silent, so these two speak. */
const [CONTAINERS, MORE] = ['tcp_resets_in_containers', 'tcp_resets_in_more_containers']
const ALONE = 'namespaces: { enabled: false }\n'

const isRaised = ({ notice }: Told): boolean => notice.status === 'WARNING'
const isOurs = ({ notice }: Told): boolean => notice.whose === 'ours'

/** Complains unless exactly these were told to begin, each in time, and each to be over later, and nothing else. */
function wrongIn(
  told: readonly Told[],
  wanted: readonly { alarm: string; node?: string; within: number }[],
  over: number,
): string[] {
  const ours = told.filter(isOurs)
  const of = ({ alarm, node }: { alarm: string; node?: string }): Told[] =>
    ours.filter(({ notice }) => notice.alarm === alarm && (node ?? notice.node) === notice.node)
  const expected = wanted.flatMap(of)
  return [
    ...wanted.flatMap(each => {
      const [raised, ...more] = of(each).filter(isRaised)
      const cleared = of(each).filter(one => !isRaised(one))
      const name = `${each.node ?? ''} ${each.alarm}`.trim()
      if (raised === undefined) return [`${name} not told`]
      return [
        ...(raised.at > each.within ? [`${name} told after ${raised.at.toFixed(0)} s`] : []),
        ...(more.length > 0 ? [`${name} told ${more.length + 1} times`] : []),
        ...(cleared.length === 1 ? [] : [`${name} told to be over ${cleared.length} times`]),
        ...(cleared.some(({ at }) => at < over) ? [`${name} told to be over while it lasts`] : []),
      ]
    }),
    ...ours
      .filter(one => !expected.includes(one))
      .map(({ notice }) => `${notice.node} ${notice.alarm} is one too many`),
  ]
}

async function until(
  stage: Stage,
  what: string,
  seconds: number,
  probe: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`)
    await sleep(1000, undefined, { signal: stage.stop })
  }
}

/** Waits until all alarms of the agent's host can be raised. @param speed of the agent */
async function armed(stage: Stage, agent: Agent, speed = 1): Promise<void> {
  await until(stage, 'armed', 600 / speed, async () => {
    await stage.watch.changes(agent)
    return (await knowsWhatIsUsual(agent)) && isArmed(stage.watch.states)
  })
  stage.say('armed')
}

function toldSince(stage: Stage, start: number): Told[] {
  return stage.watch.notices().map(notice => ({ at: notice.at / 1000 - start, notice }))
}

/** Waits until everything that was told is told to be over, or until it is too late for that. @param but which is not */
async function allOver(stage: Stage, start: number, seconds: number, but = MORE): Promise<Told[]> {
  const deadline = Date.now() + seconds * 1000
  const open = (): boolean => {
    const last = new Map(
      toldSince(stage, start)
        .filter(isOurs)
        .map(one => [one.notice.node + one.notice.alarm, one]),
    )
    return [...last.values()].some(({ notice }) => notice.status !== 'CLEAR' && notice.alarm !== but)
  }
  while (open() && Date.now() < deadline) await sleep(1000, undefined, { signal: stage.stop })
  return toldSince(stage, start)
}

function running(stage: Stage, child: ChildProcess): ChildProcess {
  stage.later(() => end(child))
  return child
}

const HOURS = 2
const SPEED = 10

function bursts(minutes: number): Scene {
  const rounds = (HOURS * 60) / minutes
  return {
    name: `a burst of 100/s for 20 s every ${minutes} minutes, for ${HOURS} hours (${SPEED} times as fast)`,
    expected: 'told once, at once, and once that it is over: it is one lasting nuisance',
    async play(stage) {
      const hosts = makeHosts()
      stage.later(hosts.remove)
      const agent = await startJudged(stage.watch.program, {
        netns: hosts.b.namespace,
        hostname: 'bench',
        user: 'root', // all of it shares the memory that libfaketime keeps its time in
        speed: SPEED,
        files: { 'tcp_resets.conf': ALONE },
      })
      stage.later(agent.stop)
      await armed(stage, agent, SPEED)
      const [seconds, pause] = [20, minutes * 60 - 20]
      const traffic = { ports: CLOSED, rate: 100, seconds, rounds, pause }
      await begun(running(stage, connects(hosts.a.namespace, hosts.b.ipv4, traffic, SPEED)))
      const start = await timeOf(agent)
      const last = (rounds - 1) * minutes * 60 + seconds
      await sleep(((last + 60) * 1000) / SPEED, undefined, { signal: stage.stop })
      const told = await allOver(stage, start, (40 * 60) / SPEED)
      return { told, wrong: wrongIn(told, [{ alarm: '10s_ipv4_tcp_resets_sent', within: AT_ONCE }], last) }
    },
  }
}

const service =
  "require('net').createServer(s => s.on('error', () => {}).on('data', () => s.end('!'))).listen(80)"

const deadService: Scene = {
  name: 'one service and five clients in containers on a bridge, 20/s each; the service dies for 5 min',
  expected: 'the node tells once, and once that it is over: three notices at most',
  async play(stage) {
    const clients = ['app_1', 'app_2', 'app_3', 'app_4', 'app_5']
    const bridge = makeBridge(['db', ...clients])
    stage.later(bridge.remove)
    const db = bridge.add('db')
    running(stage, start(db.namespace, 'sleep', 'infinity'))
    const serving = running(stage, start(db.namespace, process.execPath, '-e', service))
    for (const client of clients) {
      const traffic = { ports: SERVED, rate: 20, seconds: 3600, after: 'ask' } as const
      running(stage, connects(bridge.add(client).namespace, db.address, traffic))
    }
    const agent = await startJudged(stage.watch.program, {
      netns: bridge.host,
      hostname: 'node',
      files: { 'tcp_resets.conf': `namespaces: { include: '${bridge.prefix}*' }\n` },
    })
    stage.later(agent.stop)
    await armed(stage, agent)
    const began = await timeOf(agent)
    await end(serving)
    await sleep(300_000, undefined, { signal: stage.stop })
    running(stage, start(db.namespace, process.execPath, '-e', service))
    const told = await allOver(stage, began, 420)
    return { told, wrong: wrongIn(told, [{ alarm: CONTAINERS, within: SOON }], 300) }
  },
}

const floodFromBirth: Scene = {
  name: 'a container that is flooded, 20/s, from its birth on, for 6 min',
  expected:
    'told within three minutes of its chart, which comes after half a minute: what it always had is not what is usual',
  async play(stage) {
    const bridge = makeBridge(['quiet', 'new'])
    stage.later(bridge.remove)
    running(stage, start(bridge.add('quiet').namespace, 'sleep', 'infinity'))
    const agent = await startJudged(stage.watch.program, {
      netns: bridge.host,
      hostname: 'node',
      files: { 'tcp_resets.conf': `namespaces: { include: '${bridge.prefix}*' }\n` },
    })
    stage.later(agent.stop)
    await armed(stage, agent)
    const began = await timeOf(agent)
    const { namespace, address } = bridge.add('new')
    running(stage, start(namespace, 'sleep', 'infinity'))
    running(stage, connects(bridge.host, address, { ports: CLOSED, rate: 20, seconds: 360 }))
    await sleep(360_000, undefined, { signal: stage.stop })
    const told = await allOver(stage, began, 420)
    // The host receives what the container sends.
    const host = { alarm: '5m_ipv4_tcp_resets_received', within: SOON }
    return { told, wrong: wrongIn(told, [{ alarm: CONTAINERS, within: UNSEEN + SOON }, host], 360) }
  },
}

const restart: Scene = {
  name: 'a flood of 50/s for 12 min; the agent is restarted after 4 min',
  expected:
    'raised for as long as it lasts: what is usual is what was before the flood; told once more after the restart at most',
  async play(stage) {
    const hosts = makeHosts()
    stage.later(hosts.remove)
    const kept = mkdtempSync(join(tmpdir(), 'tcp-resets-bench-'))
    stage.later(() => rmSync(kept, { recursive: true }))
    for (const name of ['cache', 'lib']) mkdirSync(join(kept, name))
    const startIt = (): Promise<Agent> =>
      startJudged(stage.watch.program, {
        netns: hosts.b.namespace,
        hostname: 'bench',
        user: 'root', // whose directories these are
        files: { 'tcp_resets.conf': ALONE },
        config: {
          directories: {
            'stock health config': '/nonexistent',
            cache: join(kept, 'cache'),
            lib: join(kept, 'lib'),
          },
          db: { mode: 'dbengine' },
        },
      })
    const first = await startIt()
    stage.later(first.stop)
    await armed(stage, first)
    const began = await timeOf(first)
    running(stage, connects(hosts.a.namespace, hosts.b.ipv4, { ports: CLOSED, rate: 50, seconds: 720 }))
    await sleep(240_000, undefined, { signal: stage.stop })
    await first.stop()
    const second = await startIt()
    stage.later(second.stop)
    stage.say('restarted')
    await sleep((720 - 10) * 1000 - ((await timeOf(second)) - began) * 1000, undefined, {
      signal: stage.stop,
    })
    await stage.watch.changes(second)
    const state = stage.watch.states.get('ours 5m_ipv4_tcp_resets_sent')
    const told = await allOver(stage, began, 420, '10s_ipv4_tcp_resets_sent')
    const sent = told.filter(one => isOurs(one) && one.notice.alarm === '5m_ipv4_tcp_resets_sent')
    return {
      told,
      wrong: [
        ...(state === 'WARNING' ? [] : [`${state} at the end of the flood`]),
        ...(sent.some(isRaised) ? [] : ['not told']),
        ...(sent.filter(isRaised).length > 2 ? ['told again and again'] : []),
        ...(sent.some(one => !isRaised(one) && one.at < 720) ? ['told to be over while it lasts'] : []),
        ...(told.some(one => isOurs(one) && one.notice.alarm === 'tcp_resets_last_collected_secs')
          ? ['the restart itself was told']
          : []),
      ],
    }
  },
}

const KEY = '11111111-2222-3333-4444-555555555555'

const parent: Scene = {
  name: 'a Parent with three children; two of them are hammered, 100/s, for 5 min',
  expected:
    'told for these two by the Parent, the burst and the flood once each, and once that they are over; nothing for the third',
  async play(stage) {
    const names = ['web_1', 'web_2', 'web_3']
    const bridge = makeBridge(names)
    stage.later(bridge.remove)
    const tree = mkdtempSync(join(tmpdir(), 'tcp-resets-tree-'))
    stage.later(() => rmSync(tree, { recursive: true }))
    symlinkSync(join(dist, 'web'), join(tree, 'web'))
    const node = await startJudged(stage.watch.program, {
      dist: tree, // it has the rules and the guides, not the plugin
      netns: bridge.host,
      hostname: 'parent',
      files: {
        'stream.conf': `[${KEY}]\n  enabled = yes\n  default memory mode = ram\n  health enabled by default = yes\n  allow from = *\n`,
      },
    })
    stage.later(node.stop)
    const children = names.map(name => ({ name, ...bridge.add(name) }))
    for (const { name, namespace } of children) {
      const child = await startJudged(stage.watch.program, {
        netns: namespace,
        hostname: name,
        files: {
          'tcp_resets.conf': ALONE,
          'stream.conf': `[stream]\n  enabled = yes\n  destination = unix:${join(node.dir, 'netdata.sock')}\n  api key = ${KEY}\n`,
        },
        config: { health: { enabled: 'no' } },
      })
      stage.later(child.stop)
    }
    const isReady = async (name: string): Promise<boolean> => {
      const [all, variables] = await Promise.all(
        ['alarms?all', 'alarm_variables?chart=ipv4.tcp_resets'].map(what =>
          node.get(`/host/${name}/api/v1/${what}`),
        ),
      )
      if (all?.status !== 200 || !variables?.body.includes('"usual_sent"')) return false
      const { alarms } = JSON.parse(all.body) as {
        alarms: Record<string, Record<'name' | 'chart' | 'status', string>>
      }
      const raisable = Object.values(alarms).filter(
        ({ name, chart }) => chart === 'ipv4.tcp_resets' && /^(10s|5m)_/.test(name),
      )
      return raisable.length === 4 && raisable.every(({ status }) => status === 'CLEAR')
    }
    await until(stage, 'armed for all children', 600, async () =>
      (await Promise.all(names.map(isReady))).every(Boolean),
    )
    stage.say('armed')
    const began = await timeOf(node)
    for (const { address } of children.slice(0, 2))
      running(stage, connects(bridge.host, address, { ports: CLOSED, rate: 100, seconds: 300 }))
    await sleep(300_000, undefined, { signal: stage.stop })
    const told = await allOver(stage, began, 420)
    const wanted = names.slice(0, 2).flatMap(name => [
      { alarm: '10s_ipv4_tcp_resets_sent', node: name, within: AT_ONCE },
      { alarm: '5m_ipv4_tcp_resets_sent', node: name, within: SOON },
    ])
    return { told, wrong: wrongIn(told, wanted, 290) }
  },
}

export const SCENES: readonly Scene[] = [
  bursts(2),
  bursts(5),
  bursts(20),
  deadService,
  floodFromBirth,
  restart,
  parent,
]

export async function playScene(
  scene: Scene,
  stop: AbortSignal,
  say: (text: string) => void,
): Promise<Verdict> {
  const undo: (() => unknown)[] = []
  const watch = watchAlarms()
  undo.push(watch.remove)
  try {
    const { told, wrong } = await scene
      .play({ stop, watch, say, later: each => undo.push(each) })
      .catch((error: Error) => ({ told: [], wrong: [`it could not be played: ${error.message}`] }))
    if (stop.aborted) throw stop.reason
    return {
      right: wrong.length === 0,
      cells: [
        scene.name,
        '',
        scene.expected,
        describe(told.filter(one => !isOurs(one))),
        describe(told.filter(isOurs)),
        `${told.filter(one => !isOurs(one)).length}, ${told.filter(isOurs).length}`,
        wrong.length === 0 ? 'yes' : `no: ${wrong.join('; ')}`,
      ],
    }
  } finally {
    for (const each of undo.reverse()) await each()
  }
}

/** `web_1: 10s sent told 12 s, over 302 s` */
function describe(told: readonly Told[]): string {
  const by = new Map<string, Told[]>()
  for (const one of told) {
    const { node, alarm } = one.notice
    const name = `${node === 'bench' ? '' : `${node}: `}${alarm.replace('_ipv4_tcp_resets_', ' ')}`
    by.set(name, [...(by.get(name) ?? []), one])
  }
  const each = [...by].map(([name, all]) => {
    const [raised, over] = [all.filter(isRaised), all.filter(one => !isRaised(one))]
    const names = / sends | receives /.test(raised[0]?.notice.info ?? '')
      ? ` (${raised[0]?.notice.info.split(' - ')[0]})`
      : ''
    const times = (some: readonly Told[]): string =>
      some.length > 3
        ? `${some.length} times from ${some[0]?.at.toFixed(0)} s on`
        : some.map(({ at }) => `${at.toFixed(0)} s`).join(', ')
    return `${name} told ${times(raised)}${names}${over.length > 0 ? `, over ${times(over)}` : ''}`
  })
  return each.join('; ') || 'nothing'
}
