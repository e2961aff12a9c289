import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openInstance } from '../../plugin/tracing/instance'

// An instance of ordinary files. What one of the kernel does is in collector.test.ts.

const kernel = join(__dirname, '..', 'fixtures', 'kernels', '6.12.107+deb13-amd64')
const EVENT =
  'python3-511 [000] ...1. 12.5: tcp_send_reset: skbaddr=(null) skaddr=00000000e2 src=127.0.0.1:42908 dest=127.0.0.1:2222 state=TCP_CLOSE reason=TCP_STATE\n'

const stats = (waiting: number, read: number): string =>
  `entries: ${waiting}\noverrun: 0\ncommit overrun: 0\ndropped events: 0\nread events: ${read}\n`

function instance(t: Test) {
  const format = readFileSync(join(kernel, 'tcp_send_reset.format'), 'latin1')
  const folder = t.testdir({
    trace_pipe: EVENT,
    per_cpu: { cpu0: { stats: stats(1, 0) } },
    events: { tcp: { tcp_send_reset: { format, enable: '1\n' } } },
  })
  const opened = openInstance('sent', folder)
  t.teardown(opened.close)
  return {
    ...opened,
    pipe: join(folder, 'trace_pipe'),
    happened: (waiting: number, read: number) =>
      writeFileSync(join(folder, 'per_cpu/cpu0/stats'), stats(waiting, read)),
  }
}

t.test('what waited before it was opened is not of now', async t => {
  const { drain } = instance(t)
  t.strictSame(drain(10), { events: [], unreadable: 0, more: false })
})

t.test('events, those that can not be understood, and what is none', async t => {
  const { drain, pipe } = instance(t)
  appendFileSync(pipe, EVENT + EVENT.replace('src=127.0.0.1', 'src=nowhere'))
  appendFileSync(pipe, `CPU:0 [LOST 7 EVENTS]\n${EVENT.slice(0, 30)}`)
  const { events, unreadable, more } = drain(10)
  t.match(events, [{ direction: 'sent', localPort: 42908, peerPort: 2222, reason: 'TCP_STATE' }])
  t.equal(events.length, 1)
  t.strictSame([unreadable, more], [1, false])
  appendFileSync(pipe, EVENT.slice(30))
  t.equal(drain(10).events.length, 1, 'a line that came in two pieces')
})

t.test('counts what has left the buffer since it was opened', async t => {
  const { count, happened } = instance(t)
  happened(1, 5)
  t.equal(count(), 5)
  happened(9, 6)
  t.equal(count(), 1)
  happened(0, 2)
  t.equal(count(), 2, 'emptied by hand: its numbers began anew')
})

t.test('other files at its place are not those of this grant', async t => {
  const { isStillThere, pipe } = instance(t)
  t.equal(isStillThere(), true)
  rmSync(pipe)
  t.equal(isStillThere(), false)
  writeFileSync(pipe, EVENT)
  t.equal(isStillThere(), false)
})
