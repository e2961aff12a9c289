import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { collections } from '../built-plugin'
import { type Fault, recover, scratch, stageFor } from './fault'
import { readProtocol } from './protocol'
import { resourcesOf } from './resources'

// What can be wrong with what the plugin is told.

const REQUESTS = 10_000

/** Numbers that look random and are the same in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return sides => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

/** One request that no agent would send. Most are of the right shape up to somewhere. */
function garbage(roll: (sides: number) => number, number: number): Buffer {
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => roll(256)))
  const id = `id-${number}`
  const kinds: (() => Buffer | string)[] = [
    () => bytes(roll(300)),
    () => Buffer.concat([Buffer.from(`FUNCTION ${id} 10 "tcp-resets `), bytes(40), Buffer.from('"\n')]),
    () => `FUNCTION ${id} 10 "no-such-function"\n`,
    () => `FUNCTION ${id} -1 "tcp-resets resets:lost"\n`,
    () => `FUNCTION ${id} 99999999999999999999 'tcp-resets' extra words\n`,
    () => `FUNCTION ${'x'.repeat(200)} 10 "tcp-resets"\n`,
    () => 'FUNCTION\nFUNCTION \nFUNCTION a\n\n\r\n',
    () => `FUNCTION ${id}`,
    () => `"FUNCTION" "${id}" "10" "tcp-resets" "\n`,
    () => `FUNCTION_PAYLOAD ${id} 10 "tcp-resets" "admin" "text/plain"\n{"selections":`,
    () => `FUNCTION_PAYLOAD ${id} 10 "tcp-resets"\n{"selections":{"resets":[{}]}}\nFUNCTION_PAYLOAD_END\n`,
    () => `${'['.repeat(5000)}\nFUNCTION_PAYLOAD_END\n`,
    () => `FUNCTION_CANCEL id-${roll(number + 1)}\n`,
    () => `FUNCTION_PROGRESS ${id}\nDISABLE\nBEGIN ipv4.tcp_resets\nSET sent = 1\nEND\n`,
    () => `FUNCTION ${id}\u0000 10 "tcp-resets\u001b[2J"\n`,
    () => (roll(200) === 0 ? 'y'.repeat(300_000) : '\n'),
  ]
  return Buffer.from(kinds[roll(kinds.length)]?.() ?? '')
}

export const garbageOnStdin: Fault = {
  name: `${REQUESTS.toLocaleString('en-US')} requests of garbage on stdin`,
  sees: 'nothing: what is a call gets an answer that says what is wrong with it, everything else is passed over',
  async run(scene) {
    const stage = await stageFor(scene)
    const { running, pid } = stage
    const { stdin } = running.child
    const roll = dice(scene.long ? Date.now() : 1)
    let rounds = 0
    const tell = async (): Promise<void> => {
      for (let number = 0; number < REQUESTS / 2; number++) {
        if (stdin?.write(garbage(roll, number)) === false) await once(stdin, 'drain')
      }
      // The end of whatever was begun.
      const last = `after-all-${++rounds}`
      stdin?.write(`\nFUNCTION_PAYLOAD_END\nFUNCTION ${last} 10 "tcp-resets info"\n`)
      await running.until(stdout => stdout.includes(`\nFUNCTION_RESULT_BEGIN ${last} 200 `), 60)
    }
    // The first half fills the heap with what is collected when there is need. From then on it must not grow.
    await tell()
    const before = resourcesOf(pid)
    for (let times = 1; times <= (scene.long ? 9 : 1); times++) await tell()
    const outcome = await recover(scene, stage, before)
    const { results } = readProtocol(running.stdout())
    assert.ok(results.length > 1000, `calls were among it: ${results.length}`)
    for (const { transaction, status, body } of results) {
      assert.match(transaction, /^(id|after-all)-\d/)
      assert.equal(JSON.parse(body).status, status)
    }
    assert.doesNotMatch(running.stderr(), /function/, 'nothing broke on it')
    return outcome
  },
}

export const replacedConfig: Fault = {
  name: 'the configuration is replaced while it runs',
  sees: 'nothing: it is read at the start. `tcp-resets reload`, SIGHUP, or a restart of the agent makes it count; a file with a fault is named in the log then, and the stock one is used',
  async run(scene) {
    const folder = scratch(scene)
    const file = join(folder, 'tcp_resets.conf')
    writeFileSync(file, 'update_every: 1\n')
    const env = { NETDATA_USER_CONFIG_DIR: folder }
    const stage = await stageFor(scene, { env })
    const before = resourcesOf(stage.pid)
    const replacements: (() => void)[] = [
      () => writeFileSync(file, 'update_every: 5\n'),
      () => writeFileSync(file, 'update_every: [\n\u0000'),
      () => writeFileSync(file, Buffer.alloc(2_000_000, 255)),
      () => rmSync(file),
      () => {
        rmSync(file)
        mkdirSync(file)
      },
      () => {
        rmSync(file)
        symlinkSync('/dev/zero', file)
      },
    ]
    for (const replace of replacements) {
      rmSync(file, { recursive: true, force: true })
      writeFileSync(file, '')
      replace()
      if (scene.long) await stage.publishes()
    }
    const outcome = await recover(scene, stage, before)
    assert.equal(stage.running.stderr(), '', 'nothing to say')

    for (const [text, interval, says] of [
      ['update_every: 2\n', 2, /^$/],
      ['update_every: [\n', 1, /broken YAML[\s\S]*not used, running on the stock one/],
    ] as const) {
      rmSync(file, { recursive: true, force: true })
      writeFileSync(file, text)
      const next = await stageFor(scene, { env })
      assert.match(
        next.running.stdout(),
        new RegExp(`^CHART .* 5231 ${interval} '' `),
        `the next start reads ${text}`,
      )
      assert.match(next.running.stderr(), says)
      assert.ok(collections(next.running.stdout()) > 0)
      next.running.child.kill('SIGTERM')
      await next.running.ended
    }
    return outcome
  },
}
