import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { plugin, startPlugin } from '../built-plugin'
import { checkHeld, countTicks, type Outcome, type Scene } from './fault'
import { readProtocol } from './protocol'
import { resourcesOf } from './resources'

// No fault at all, for a long time, with real resets.

/** 400 connects a second to a closed port, each answered with a reset, until its stdin ends. */
const RESETS = `
const { connect } = require('node:net')
const timer = setInterval(() => {
  for (let count = 0; count < 20; count++) connect(9, '127.0.0.1').on('error', () => {})
}, 50)
process.stdin.on('end', () => clearInterval(timer)).resume()`

/** The last that was published of the plugin's own namespace. */
const OWN_SENT = /.*^BEGIN ipv4\.tcp_resets \d+\nSET sent = (\d+)$/ms

/**
 * Starts the plugin in a network namespace full of resets, with all that it does: the other namespaces of the machine too.
 *
 * @returns what ends it, and says how it went
 */
export async function startSteady(scene: Scene): Promise<() => Promise<Outcome>> {
  const netns = `tcp-resets-steady-${process.pid}`
  execFileSync('ip', ['netns', 'add', netns])
  scene.teardown(() => execFileSync('ip', ['netns', 'del', netns]))
  execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up'])
  const inside = ['netns', 'exec', netns]
  const running = startPlugin(scene, {}, [...inside, plugin, '1'], 'ip')
  const pid = running.child.pid as number
  const resets = spawn('ip', [...inside, process.execPath, '-e', RESETS], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const resetsEnded = once(resets, 'close')
  scene.teardown(() => {
    resets.kill('SIGKILL')
    return resetsEnded
  })
  // The heap has its size, and all code was used, when the first thousands were counted.
  await running.until(stdout => Number(OWN_SENT.exec(stdout)?.[1]) > 12_000, 120)
  const before = resourcesOf(pid)

  return async () => {
    resets.stdin.end()
    await resetsEnded
    const counted = outRsts(readFileSync(`/proc/${pid}/net/snmp`, 'utf8'))
    const ticks = countTicks(scene)
    await running.until(stdout => OWN_SENT.exec(stdout)?.[1] === `${counted}`, 60)
    const took = ticks()
    const after = resourcesOf(pid)
    checkHeld(before, after)
    running.child.kill('SIGTERM')
    assert.equal(await running.ended, 0)
    const { collections } = readProtocol(running.stdout())
    const own = collections.filter(({ chart }) => chart === 'ipv4.tcp_resets')
    assert.ok(own.length > 10, 'it was measured')
    return { ticks: took, before, after }
  }
}

/** How many resets the kernel says it has sent. */
function outRsts(snmp: string): bigint {
  const [names = '', values = ''] = snmp.split('\n').filter(line => line.startsWith('Tcp:'))
  return BigInt(values.split(' ')[names.split(' ').indexOf('OutRsts')] ?? '')
}
