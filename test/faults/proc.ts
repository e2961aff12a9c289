import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { collections } from '../built-plugin'
import type { FakeHost } from './fake-host'
import { type Fault, type Outcome, recover, type Scene, stageFor } from './fault'
import { resourcesOf } from './resources'

// What can be wrong with the files below /proc.

/** Every way for a file not to be what it should. */
const WAYS: Readonly<Record<string, (host: FakeHost) => void>> = {
  'half of snmp': ({ snmp, text }) => truncateSync(snmp, text().indexOf('\nUdp:') - 5),
  'snmp cut off before its last newline': ({ snmp, text }) =>
    writeFileSync(snmp, text().slice(0, text().indexOf('\nUdp:')), 'latin1'),
  'an empty snmp': ({ snmp }) => truncateSync(snmp),
  'random bytes for snmp': ({ snmp }) => writeFileSync(snmp, randomBytes(4096)),
  'words for numbers in snmp': ({ snmp, text }) =>
    writeFileSync(
      snmp,
      text().replace(/^Tcp: \d.*$/m, line => line.replace(/\d/g, 'x')),
      'latin1',
    ),
  'numbers beyond u64 in snmp': ({ snmp, text }) =>
    writeFileSync(
      snmp,
      text().replace(/^Tcp: \d.*$/m, line => line.replace(/\d+/g, '99999999999999999999')),
      'latin1',
    ),
  'a column too few in snmp': ({ snmp, text }) =>
    writeFileSync(snmp, text().replace(/^(Tcp: \d.*) \d+$/m, '$1'), 'latin1'),
  'snmp twice': ({ snmp, text }) => writeFileSync(snmp, text() + text(), 'latin1'),
  'no snmp': ({ snmp }) => rmSync(snmp),
  'a FIFO for snmp': ({ snmp }) => {
    rmSync(snmp)
    execFileSync('mkfifo', [snmp])
  },
  'a folder for snmp': ({ snmp }) => {
    rmSync(snmp)
    mkdirSync(snmp)
  },
  'a link to itself for snmp': ({ snmp }) => {
    rmSync(snmp)
    symlinkSync(snmp, snmp)
  },
  'a file without an end for snmp': ({ snmp }) => {
    rmSync(snmp)
    symlinkSync('/dev/zero', snmp)
  },
  'no /proc at all': ({ prefix }) => rmSync(`${prefix}/proc`, { recursive: true }),
  'half of netstat': ({ netstat }) => truncateSync(netstat, readFileSync(netstat).indexOf('\nIpExt') - 40),
  'no netstat': ({ netstat }) => rmSync(netstat),
  'random bytes for netstat': ({ netstat }) => writeFileSync(netstat, randomBytes(4096)),
}

async function broken(scene: Scene, way: string, strike: (host: FakeHost) => void): Promise<Outcome> {
  const stage = await stageFor(scene)
  const { host, running, pid } = stage
  const before = resourcesOf(pid)
  const published = collections(running.stdout())
  strike(host)
  await running.until((_, stderr) => / ERROR: source proc: /.test(stderr), 60)
  if (scene.long) await new Promise(resolve => setTimeout(resolve, 20_000))
  if (way.includes('netstat')) {
    // What snmp alone tells is still told.
    await running.until(stdout => collections(stdout) >= published + 2, 60)
  }
  host.mend()
  const outcome = await recover(scene, stage, before)
  assert.equal(running.stderr().match(/ERROR/g)?.length, 1, `said once: ${running.stderr()}`)
  assert.match(running.stderr(), /source proc: works again\n$/)
  return outcome
}

/** All ways at once, each with a plugin of its own. */
function everyWay(scene: Scene): Promise<Outcome[]> {
  return Promise.all(
    Object.entries(WAYS).map(([way, strike]) => broken(scene, way, strike).catch(naming(way))),
  )
}

function naming(way: string): (error: unknown) => never {
  return error => {
    throw new Error(`${way}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** The outcome that is the worst in every respect. */
function worst(outcomes: readonly Outcome[]): Outcome {
  const [first, ...others] = outcomes
  if (first === undefined) throw new Error('nothing was tried')
  return others.reduce(
    (a, b) => ({
      ...(a.after.memory - a.before.memory > b.after.memory - b.before.memory ? a : b),
      ticks: Math.max(a.ticks, b.ticks),
    }),
    first,
  )
}

export const brokenProc: Fault = {
  name: `/proc files truncated, garbage, a FIFO, endless, missing: ${Object.keys(WAYS).length} ways`,
  sees: 'a gap while it lasts, never a 0 or a made-up number; one line in the log when it begins, one when it ends. Where only netstat is broken, `sent` goes on',
  run: async scene => worst(await everyWay(scene)),
}
