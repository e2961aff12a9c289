import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dist } from '../../scripts/build'
import { type Agent, type AgentOptions, findNetdata, startAgent } from '../../scripts/private-agent'
import { checkHeld, countTicks, type Fault, MAX_TICKS, type Scene, scratch, ticksPass } from './fault'
import { fill, noMount, tinyDisk } from './output'
import { type Resources, resourcesOf, runs } from './resources'

// What can happen to a real agent, with the plugin in it.

const skip =
  (process.getuid?.() !== 0 && 'needs root to make a network namespace') ||
  (findNetdata() === undefined && 'needs Netdata')

/** From the plugin's first collection: an agent stores a rate, and has one from the second on. */
const TICKS_TO_FIRST_RATE = 2

interface RunningAgent {
  readonly agent: Agent
  readonly plugin: number
  /** So many connects to a closed port: the kernel answers each with a reset. */
  happen(resets: number): void
  /** Resolves when the agent has stored all resets that happened since it knows the counter. */
  stores(resets: number): Promise<void>
}

/** An agent in a network namespace where nobody else makes resets. */
async function runAgent(scene: Scene, options: Partial<AgentOptions> = {}): Promise<RunningAgent> {
  const netns = `tcp-resets-fault-${process.pid}-${++namespaces}`
  execFileSync('ip', ['netns', 'add', netns])
  scene.teardown(() => execFileSync('ip', ['netns', 'del', netns]))
  execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up'])
  const agent = await startAgent({ dist, netns, stockCollectors: false, ...options })
  scene.teardown(() => agent.stop().catch(() => undefined))
  await agent.waitForChart('ipv4.tcp_resets', 60_000)
  const plugin = agent.pluginPid() ?? 0
  assert.ok(plugin > 0, 'the plugin runs')
  return {
    agent,
    plugin,
    happen: resets => {
      execFileSync('ip', ['netns', 'exec', netns, process.execPath, '-e', refused(resets)])
    },
    async stores(resets) {
      await agent.waitFor(
        `${resets} resets are stored`,
        async () => Math.abs((await stored(agent)) - resets) < 0.01 || undefined,
        30_000,
      )
    },
  }
}

let namespaces = 0

const refused = (count: number): string => `
const { connect } = require('node:net')
let left = ${count}
const next = () => left-- > 0 && connect(9, '127.0.0.1').on('error', next)
next()`

/** Resets sent, of all seconds that the agent has. */
async function stored(agent: Agent): Promise<number> {
  const { data } = (await agent.json(
    '/api/v1/data?chart=ipv4.tcp_resets&dimensions=sent&after=-600&format=json&options=null2zero',
  )) as { data: [time: number, value: number][] }
  return data.reduce((sum, [, value]) => sum + value, 0)
}

const NOTHING: Resources = { descriptors: 0, threads: 0, children: 0, memory: 0 }

async function isGone(pid: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; runs(pid); await sleep(20)) {
    assert.ok(Date.now() < deadline, `the plugin ${pid} outlives its agent`)
  }
}

export const killedAgent: Fault = {
  name: 'the agent is killed (kill -9) and started again',
  sees: 'what a killed agent shows: nothing, until it runs again. The plugin ends with it: its stdin and its reader are gone',
  skip,
  async run(scene) {
    const times = scene.long ? 5 : 1
    let outcome = { ticks: 0, before: NOTHING, after: NOTHING }
    for (let time = 1; time <= times; time++) {
      const { agent, plugin, happen, stores } = await runAgent(scene)
      happen(40)
      await stores(40)
      const held = resourcesOf(plugin)
      process.kill(agent.pid, 'SIGKILL')
      await agent.exited
      const ticks = countTicks(scene)
      await isGone(plugin)
      assert.ok(ticks() <= MAX_TICKS, `the plugin was gone after ${ticks()} ticks`)
      outcome = {
        ticks: Math.max(outcome.ticks, ticks()),
        before: outcome.before === NOTHING ? held : outcome.before,
        after: held,
      }
      await agent.stop().catch(() => undefined)
    }
    return outcome
  },
}

export const restartedAgent: Fault = {
  name: 'the agent is restarted, again and again',
  sees: 'a gap of some seconds each time, as of every chart: the agent shows no rate before it has two values. No process is left behind',
  skip,
  async run(scene) {
    let first: Resources | undefined
    let last = NOTHING
    let most = 0
    for (let time = 1; time <= (scene.long ? 20 : 2); time++) {
      const { agent, plugin, happen, stores } = await runAgent(scene)
      const ticks = countTicks(scene)
      happen(25)
      await stores(25)
      most = Math.max(most, ticks() - TICKS_TO_FIRST_RATE)
      last = resourcesOf(plugin)
      first ??= last
      await agent.stop()
      assert.ok(!runs(plugin), 'the plugin is gone with the agent')
    }
    const before = first ?? NOTHING
    checkHeld(before, last)
    return { ticks: Math.max(most, 0), before, after: last }
  },
}

export const pausedAgent: Fault = {
  name: 'the agent is paused (SIGSTOP) and resumed',
  sees: 'what the plugin wrote meanwhile waits in the pipe, and the agent stores it when it goes on. The first second of the pause it stretches over all of it, so resets of that one second can be lost. A pause of many minutes fills the pipe: see there',
  skip,
  async run(scene) {
    const { agent, plugin, happen, stores } = await runAgent(scene)
    happen(10)
    await stores(10)
    const before = resourcesOf(plugin)
    process.kill(agent.pid, 'SIGSTOP')
    scene.teardown(() => runs(agent.pid) && process.kill(agent.pid, 'SIGCONT'))
    // The first collection that the agent finds in the pipe it stretches over the pause.
    await ticksPass(2)
    happen(30)
    await sleep(scene.long ? 28_000 : 2000)
    process.kill(agent.pid, 'SIGCONT')
    const ticks = countTicks(scene)
    happen(5)
    await stores(45)
    const took = ticks() - TICKS_TO_FIRST_RATE
    const after = resourcesOf(plugin)
    assert.equal(agent.pluginPid(), plugin, 'it is still the same plugin')
    checkHeld(before, after)
    await agent.stop()
    return { ticks: Math.max(took, 0), before, after }
  },
}

export const fullAgentDisk: Fault = {
  name: 'the disk is full where the agent logs',
  sees: 'nothing in the charts; what the agent and the plugin log meanwhile is lost',
  skip: skip || noMount,
  async run(scene) {
    const disk = join(scratch(scene, 0o755), 'disk')
    tinyDisk(scene, disk, '1m')
    const { agent, plugin, happen, stores } = await runAgent(scene, {
      config: { directories: { log: disk } },
    })
    happen(10)
    await stores(10)
    const before = resourcesOf(plugin)
    fill(disk)
    for (let times = 1; times <= (scene.long ? 10 : 1); times++) {
      // Something to log.
      agent.reloadHealth()
      happen(10)
      await stores(10 + 10 * times)
    }
    rmSync(join(disk, 'filler'))
    const ticks = countTicks(scene)
    happen(7)
    await stores((scene.long ? 110 : 20) + 7)
    const took = ticks() - TICKS_TO_FIRST_RATE
    const after = resourcesOf(plugin)
    checkHeld(before, after)
    await agent.stop()
    return { ticks: Math.max(took, 0), before, after }
  },
}
