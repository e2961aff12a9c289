import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collections } from '../built-plugin'
import { fakeHost } from './fake-host'
import { type Fault, recover, type Scene, scratch, stageFor } from './fault'
import { readProtocol } from './protocol'
import { resourcesOf } from './resources'

// A /proc that takes seconds for each read.

const PYTHON = '/usr/bin/python3'
/** For each of the two files, so a tick takes twice as long. */
const SECONDS = 1.5

/** Mounts a folder's slow copy. */
async function mountSlowly(scene: Scene, folder: string, mountpoint: string, delay: string): Promise<void> {
  mkdirSync(mountpoint)
  const server = spawn(PYTHON, [join(__dirname, 'slow_proc.py'), folder, mountpoint, delay], {
    stdio: 'ignore',
  })
  const ended = once(server, 'close')
  scene.teardown(async () => {
    spawnSync('umount', ['--lazy', mountpoint])
    server.kill('SIGKILL')
    await ended
  })
  while (!existsSync(join(mountpoint, 'proc', 'net', 'snmp'))) {
    assert.equal(server.exitCode, null, 'the slow file system could not be mounted')
    await sleep(20)
  }
}

export const slowProc: Fault = {
  name: 'every read of /proc takes 3 s (FUSE)',
  sees: 'a value every few seconds, spread over the time since the one before; the sums are right. The plugin ends when the read does: no program can leave a read that the kernel does not let go',
  skip:
    (process.getuid?.() !== 0 && 'needs root to mount') ||
    (!existsSync('/dev/fuse') && 'needs /dev/fuse') ||
    (spawnSync(PYTHON, ['-c', 'import fusepy']).status !== 0 && 'needs python3-fusepy'),
  async run(scene) {
    const dir = scratch(scene)
    const [behind, mountpoint, delay] = [join(dir, 'behind'), join(dir, 'slow'), join(dir, 'delay')]
    mkdirSync(behind)
    const setDelay = (seconds: number): void => {
      writeFileSync(join(dir, 'next'), `${seconds}`)
      renameSync(join(dir, 'next'), delay)
    }
    setDelay(0)
    const host = fakeHost(behind)
    await mountSlowly(scene, behind, mountpoint, delay)
    const stage = await stageFor(scene, { host, env: { NETDATA_HOST_PREFIX: mountpoint } })
    const before = resourcesOf(stage.pid)
    const { running } = stage

    const from = collections(running.stdout())
    setDelay(SECONDS)
    for (let tick = 1; tick <= (scene.long ? 15 : 2); tick++) {
      host.happen(1)
      await running.until(stdout => collections(stdout) >= from + 2 * tick, 60)
    }
    setDelay(0)
    // What is being read now was begun in slow times.
    const during = collections(running.stdout())
    await running.until(stdout => collections(stdout) >= during + 2, 60)
    const outcome = await recover(scene, stage, before)
    const longest = Math.max(
      ...readProtocol(running.stdout()).collections.map(({ microseconds = 0 }) => microseconds),
    )
    assert.ok(longest >= 2 * SECONDS * 1e6, `the time that it took is in the microseconds: ${longest}`)
    return outcome
  },
}
