import t from 'tap'
import type { ResetEvent } from '../../plugin/tracing/event'
import type { Drained, TraceInstance } from '../../plugin/tracing/instance'
import { newStream } from '../../plugin/tracing/stream'

// The instance is made up: what a kernel's does is in collector.test.ts.

const event = (localPort: number): ResetEvent => ({ direction: 'sent', localPort })

function made(drained: readonly Drained[], count: () => number, blind?: string): TraceInstance {
  const left = [...drained]
  return {
    direction: 'sent',
    isWhole: true,
    hasReasons: true,
    ...(blind !== undefined && { blind }),
    drain: () => left.shift() ?? { events: [], unreadable: 0, more: false },
    count,
    isStillThere: () => true,
    isStillOn: () => true,
    close() {},
  }
}

t.test('what was read is held until it is taken', async t => {
  const drained = [
    { events: [event(1), event(2)], unreadable: 1, more: true },
    { events: [event(3)], unreadable: 0, more: false },
  ]
  const stream = newStream(made(drained, () => 7))
  t.equal(stream.isQuiet, true)
  t.equal(stream.read(2), true)
  t.equal(stream.read(2), false)
  t.equal(stream.held, 3)
  t.equal(stream.isQuiet, false)
  t.strictSame(stream.take(), { events: [1, 2, 3].map(event), all: 7 })
  t.strictSame(stream.take(), { events: [], all: 7 })
  t.equal(stream.isQuiet, true)
})

t.test('never fewer than were read, with those that were not understood', async t => {
  const stream = newStream(made([{ events: [event(1)], unreadable: 2, more: false }], () => 0))
  stream.read(10)
  t.strictSame(stream.take(), { events: [event(1)], all: 3 })
})

t.test(
  'one that was only not understood is no silence, and neither is a buffer that another reads',
  async t => {
    const stream = newStream(made([{ events: [], unreadable: 1, more: false }], () => 1))
    stream.read(10)
    t.equal(stream.isQuiet, false)
    t.equal(newStream(made([], () => 0, 'busy')).isQuiet, false)
  },
)

t.test('a count that fails loses nothing of what was read', async t => {
  let fails = true
  const count = (): number => {
    if (fails) throw new Error('ENODEV')
    return 2
  }
  const stream = newStream(made([{ events: [event(1)], unreadable: 1, more: false }], count))
  stream.read(10)
  t.throws(() => stream.take(), { message: 'ENODEV' })
  t.equal(stream.held, 1)
  fails = false
  t.strictSame(stream.take(), { events: [event(1)], all: 2 })
})
