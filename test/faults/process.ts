import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { collections, plugin } from '../built-plugin'
import { makeCgroup, noCgroup } from './cgroup'
import { type Fault, recover, stageFor } from './fault'
import { readProtocol } from './protocol'
import { resourcesOf } from './resources'

// What can happen to the plugin's own process.

export const paused: Fault = {
  name: 'the plugin is paused (SIGSTOP) and resumed',
  sees: 'a gap, then the resets of that time in one value that is spread over it: the sum is right',
  async run(scene) {
    const stage = await stageFor(scene)
    const { running, host, pid } = stage
    const before = resourcesOf(pid)
    running.child.kill('SIGSTOP')
    host.happen(5)
    await sleep(scene.long ? 30_000 : 3000) // there is no event to wait for: the fault is that nothing happens
    running.child.kill('SIGCONT')
    const outcome = await recover(scene, stage, before)
    const longest = Math.max(
      ...readProtocol(running.stdout()).collections.map(({ microseconds = 0 }) => microseconds),
    )
    assert.ok(longest >= (scene.long ? 29e6 : 2e6), `the pause is in the microseconds: ${longest}`)
    return outcome
  },
}

/** All that Node can take whose default action ends a process, and that tell of no fault in it. */
const PASSING = [
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
] as const

export const signalled: Fault = {
  name: 'signals that mean the agent and go to all of its processes (SIGHUP of log rotation, SIGUSR2 and the like)',
  sees: 'nothing; the log tells that the configuration was read again, at each SIGHUP. Signals that Node can not take, those of real time and of broken programs, do end it, and the agent does not start it again; the alarm `tcp_resets_last_collected_secs` tells',
  async run(scene) {
    const stage = await stageFor(scene, { env: { NETDATA_LOG_LEVEL: 'info' } })
    const { running, pid } = stage
    const rereads = (): number => running.stderr().split('the configuration was read again').length - 1
    const before = resourcesOf(pid)
    for (let times = 1; times <= (scene.long ? 60 : 2); times++) {
      for (const signal of PASSING) running.child.kill(signal)
      await stage.publishes()
    }
    await running.until(() => rereads() > 0)
    assert.doesNotMatch(running.stderr(), /ERROR|WARNING|Debugger/)
    return recover(scene, stage, before)
  },
}

export const starved: Fault = {
  name: 'CPU starved to 5 % (cgroup quota)',
  sees: 'nothing: 5 % of one CPU is more than it needs, though a start takes some seconds',
  skip: noCgroup('cpu'),
  async run(scene) {
    const cgroup = makeCgroup(scene, 'cpu')
    cgroup.limitCpu(0.05)
    const stage = await stageFor(scene, { command: ['sh', '-c', `${cgroup.enter}; exec ${plugin} 1`] })
    const before = resourcesOf(stage.pid)
    for (let times = 1; times <= (scene.long ? 30 : 2); times++) await stage.publishes()
    cgroup.remove(stage.pid)
    return recover(scene, stage, before)
  },
}

/** Of what a run without a limit took at most. */
const HEADROOM = 1.25

export const littleMemory: Fault = {
  name: 'memory limit just above need (cgroup)',
  sees: 'nothing: the limit is a quarter above what a run without one took at most (what is charged to it: the memory that it shares with other Node programs is not). Below its need the kernel kills it, and the agent does not start it again; the alarm `tcp_resets_last_collected_secs` tells',
  skip: noCgroup('memory'),
  async run(scene) {
    const first = makeCgroup(scene, 'memory')
    const inside = (enter: string) => ({ command: ['sh', '-c', `${enter}; exec ${plugin} 1`] })
    const trial = await stageFor(scene, inside(first.enter))
    for (let times = 1; times <= 3; times++) await trial.publishes()
    trial.running.child.kill('SIGTERM')
    await trial.running.ended

    const peak = first.peak()
    assert.ok(peak, 'the kernel says what it took')
    const cgroup = makeCgroup(scene, 'memory')
    cgroup.limitMemory(Math.ceil(peak * HEADROOM))
    const stage = await stageFor(scene, inside(cgroup.enter))
    const before = resourcesOf(stage.pid)
    const from = collections(stage.running.stdout())
    for (let times = 1; times <= (scene.long ? 60 : 3); times++) {
      stage.running.child.stdin?.write(`${'x'.repeat(100_000)}\nFUNCTION a-${times} 10 "tcp-resets"\n`)
      await stage.publishes()
    }
    assert.ok(collections(stage.running.stdout()) >= from + 6, 'it goes on')
    assert.equal(cgroup.killed(), 0, 'nobody was killed')
    return recover(scene, stage, before)
  },
}
