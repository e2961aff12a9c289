import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { usualFollower } from '../../plugin/analysis/usual'
import { freebsdCollector } from '../../plugin/host/freebsd-collector'
import { createLog } from '../../plugin/log'
import { parseNetstat } from '../../plugin/sources/freebsd-counters'
import { valuesOf } from '../built-plugin'
import { fixture } from '../stand-in-netstat'

// What a TCP stack of FreeBSD 13.0, running in user space, counted in each scenario, and the resets that there were.

interface Truth {
  rst_really_received: number
  rst_really_sent: number
}

/** Where the counters can't tell, and what comes of it: docs/freebsd.md names each. */
const RECEIVED_OTHERWISE: Record<string, bigint> = {
  'connect-unreachable-prohibited': 1n,
  'listener-closes': 2n,
  'loopback-abort': 2n,
  'reset-in-time-wait': 0n,
}

const SENT_CAUSES: Record<string, Record<string, bigint>> = {
  'data-after-close': { sent_after_close: 1n },
  'many-data-after-close': { sent_after_close: 20n },
  'rexmit-timeout': { sent_timeout_at_least: 1n },
}

/** How much each dimension rose from the first of some outputs of netstat to the last. */
function risesOf(outputs: readonly string[]): Record<string, bigint> {
  let output = ''
  const source = {
    name: 'netstat',
    start: (done: () => void) => done(),
    read: () => ({ counters: parseNetstat(output) ?? {} }),
    close() {},
  }
  const collector = freebsdCollector(source, 1, usualFollower(), createLog({}))
  let text = ''
  for (const [second, next] of outputs.entries()) {
    output = next
    text += collector.collect(second * 1000)
  }
  const dimensions = [...text.matchAll(/^DIMENSION (\S+)/gm)].map(match => match[1] ?? '')
  return Object.fromEntries(
    dimensions.map(name => {
      const values = valuesOf(text, name)
      return [name, (values.at(-1) ?? 0n) - (values[0] ?? 0n)]
    }),
  )
}

const names = readdirSync(join(__dirname, '../fixtures/freebsd/scenarios'))
  .filter(name => name.endsWith('.truth.json'))
  .map(name => name.replace('.truth.json', ''))

t.test('received, and the causes of sent', async t => {
  t.equal(names.length, 22)
  for (const name of names) {
    const truth: Truth = JSON.parse(fixture(`scenarios/${name}.truth.json`))
    const after = fixture(`scenarios/${name}.after.json`)
    const { received, ...causes } = risesOf([fixture(`scenarios/${name}.before.json`), after, after])
    t.equal(received, RECEIVED_OTHERWISE[name] ?? BigInt(truth.rst_really_received), `${name}: received`)
    const sent = Object.entries(causes).filter(([cause, rise]) => cause.startsWith('sent_') && rise > 0n)
    t.strictSame(Object.fromEntries(sent), SENT_CAUSES[name] ?? {}, `${name}: sent`)
    const total = sent.reduce((sum, [, rise]) => sum + rise, 0n)
    t.ok(total <= BigInt(truth.rst_really_sent), `${name}: no cause counts a reset that was not sent`)
  }
})

t.test('an overflow is shown as one, whether or not it draws a reset', async t => {
  const outputs = ['before', 'after'].map(when => fixture(`scenarios/overflow-no-rst.${when}.json`))
  t.match(risesOf(outputs), { listen_overflow: 4n, received: 0n })
})
