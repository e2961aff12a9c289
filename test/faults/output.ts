import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { plugin, type RunningPlugin, startPlugin } from '../built-plugin'
import { fakeHost } from './fake-host'
import { type Fault, recover, type Scene, type Stage, scratch, stageFor, ticksPass } from './fault'
import { readProtocol } from './protocol'
import { resourcesOf } from './resources'

// What can be wrong where the plugin writes.

/** The plugin with a stdout whose reader can stop. */
export async function stageWithReader(scene: Scene): Promise<Stage & { stop(): Promise<void>; go(): void }> {
  const dir = scratch(scene)
  const fifo = join(dir, 'stdout')
  execFileSync('mkfifo', [fifo])
  const reader = startPlugin(scene, {}, [join(__dirname, 'reader.py'), fifo], 'python3')
  await reader.until(stdout => stdout.startsWith('ready\n'))
  const host = fakeHost(join(dir, 'host'))
  const writer = startPlugin(
    scene,
    { NETDATA_HOST_PREFIX: host.prefix },
    ['-c', `exec ${plugin} 1 >${fifo}`],
    'sh',
  )
  const text = (): string => reader.stdout().slice('ready\n'.length)
  const running: RunningPlugin = {
    ...writer,
    stdout: text,
    until: (passes, seconds) => reader.until(() => passes(text(), writer.stderr()), seconds),
  }
  const publishes = async (): Promise<void> => {
    host.happen(3)
    await running.until(stdout => stdout.includes(`SET sent = ${host.sent()}\n`), 60)
  }
  await running.until(stdout => stdout.includes('SET sent'), 60)
  await publishes()
  return {
    host,
    running,
    pid: writer.child.pid as number,
    publishes,
    async stop() {
      reader.child.stdin?.write('stop\n')
      await writer.until((_, stderr) => stderr.includes('stdout: Netdata does not read'), 60)
    },
    go: () => reader.child.stdin?.write('go\n'),
  }
}

export const fullPipe: Fault = {
  name: 'nobody reads stdout (the pipe is full)',
  sees: 'a gap, then the resets of that time in one value that is spread over it; one line in the log when it begins, one when it ends. Nothing is collected meanwhile, so nothing piles up',
  async run(scene) {
    const stage = await stageWithReader(scene)
    const before = resourcesOf(stage.pid)
    await stage.stop()
    stage.host.happen(7)
    await sleep(scene.long ? 60_000 : 1500)
    stage.go()
    const outcome = await recover(scene, stage, before)
    assert.match(
      stage.running.stderr(),
      /^\S+ \S+ ERROR: stdout: Netdata does not read[^\n]*\n[^\n]*NOTICE: stdout: works again\n$/,
    )
    const longest = Math.max(
      ...readProtocol(stage.running.stdout()).collections.map(({ microseconds = 0 }) => microseconds),
    )
    assert.ok(longest >= (scene.long ? 59e6 : 1.5e6), `the skipped ticks are in the microseconds: ${longest}`)
    return outcome
  },
}

/** A small tmpfs that anybody may write to. */
export function tinyDisk(scene: Scene, folder: string, size = '64k'): void {
  mkdirSync(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0777`, 'tmpfs', folder])
  scene.teardown(() => spawnSync('umount', ['--lazy', folder]))
  chmodSync(folder, 0o777)
}

/** Fills a disk to the last byte. */
export function fill(folder: string): void {
  assert.throws(() => writeFileSync(join(folder, 'filler'), Buffer.alloc(1024 * 1024)), { code: 'ENOSPC' })
}

export const noMount = process.getuid?.() !== 0 && 'needs root to mount a small disk'

export const fullLogDisk: Fault = {
  name: 'the disk is full where the log goes',
  sees: 'nothing in the charts. What is logged meanwhile is lost',
  skip: noMount,
  async run(scene) {
    const disk = join(scratch(scene), 'disk')
    tinyDisk(scene, disk)
    const log = join(disk, 'log')
    const stage = await stageFor(scene, { command: ['sh', '-c', `exec ${plugin} 1 2>>${log}`] })
    const before = resourcesOf(stage.pid)
    fill(disk)
    for (let times = 0; times < (scene.long ? 10 : 1); times++) {
      // Something to say, and that it ends.
      rmSync(stage.host.snmp)
      await ticksPass(2)
      stage.host.mend()
      await stage.publishes()
    }
    assert.equal(readFileSync(log, 'utf8'), '', 'there was no room')
    rmSync(join(disk, 'filler'))
    return recover(scene, stage, before)
  },
}
