import assert from 'node:assert/strict'
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collections } from '../built-plugin'
import { type Fault, recover, type Scene, type Stage, scratch, stageFor } from './fault'
import { readProtocol } from './protocol'
import { resourcesOf } from './resources'

// The wall clock is set while the plugin runs. libfaketime does that for one process, and leaves the monotonic clock
// alone, as the kernel does.

/** Where Debian has it, whatever the architecture. */
function libfaketime(): string | undefined {
  return readdirSync('/usr/lib')
    .map(name => join('/usr/lib', name, 'faketime', 'libfaketime.so.1'))
    .find(existsSync)
}

const library = libfaketime()
const skip = library === undefined && 'needs libfaketime'

/** The plugin with a wall clock that can be set, in seconds off the true one. */
async function stageWithClock(scene: Scene) {
  const dir = scratch(scene)
  const file = join(dir, 'clock')
  const set = (seconds: number): void => {
    writeFileSync(join(dir, 'next'), `${seconds < 0 ? '' : '+'}${seconds}`)
    renameSync(join(dir, 'next'), file)
  }
  set(0)
  const stage = await stageFor(scene, {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  })
  return { ...stage, set }
}

let calls = 0

/** What time the plugin takes it for, in seconds off the true one. */
async function clockOf({ running }: Stage): Promise<number> {
  const answered = new RegExp(`^FUNCTION_RESULT_BEGIN time-${++calls} 404 \\S+ (\\d+)$`, 'm')
  running.child.stdin?.write(`FUNCTION time-${calls} 10 "what-time-is-it"\n`)
  await running.until(stdout => answered.test(stdout), 60)
  return Number(answered.exec(running.stdout())?.[1]) - Date.now() / 1000
}

/** No step of the clock is in the microseconds. */
function checkTimes(stdout: string, most: number): void {
  for (const { microseconds = 0 } of readProtocol(stdout).collections) {
    assert.ok(microseconds < most, `${microseconds} microseconds between two ticks`)
  }
}

export const steppedClock: Fault = {
  name: 'the clock is stepped by an hour, both ways (libfaketime)',
  sees: 'at most one tick later than usual; no value is doubled and no rate is wrong, since all intervals are of the monotonic clock. What the agent does with its own clock is the agent’s',
  skip,
  async run(scene) {
    const stage = await stageWithClock(scene)
    const before = resourcesOf(stage.pid)
    // Not whole hours: ticks have to fall in with the new seconds.
    for (const seconds of [3600.4, -3600.3, ...(scene.long ? [0, 7200.7, -86_400.2] : [])]) {
      stage.set(seconds)
      const from = collections(stage.running.stdout())
      await stage.running.until(stdout => collections(stdout) >= from + (scene.long ? 20 : 2), 60)
      assert.ok(Math.abs((await clockOf(stage)) - seconds) < 60, 'the plugin saw the new time')
    }
    stage.set(0)
    const outcome = await recover(scene, stage, before)
    checkTimes(stage.running.stdout(), 60e6)
    return outcome
  },
}

export const suspended: Fault = {
  name: 'a suspend of an hour',
  sees: 'a gap of that time, then right values at once. Simulated as what a process sees of it: it stands still (SIGSTOP), then the wall clock is an hour ahead and the monotonic clock is not',
  skip,
  async run(scene) {
    const stage = await stageWithClock(scene)
    const { running, host, pid } = stage
    const before = resourcesOf(pid)
    running.child.kill('SIGSTOP')
    await sleep(scene.long ? 30_000 : 500)
    stage.set(3600)
    host.happen(2)
    running.child.kill('SIGCONT')
    assert.ok((await clockOf(stage)) > 3000, 'the plugin saw the new time')
    const outcome = await recover(scene, stage, before)
    checkTimes(running.stdout(), 90e6)
    return outcome
  },
}
