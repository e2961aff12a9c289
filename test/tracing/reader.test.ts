import t from 'tap'
import { traceReader } from '../../plugin/tracing/reader'
import type { Stream } from '../../plugin/tracing/stream'

/** A stream with so many events in its buffer. */
function madeStream(waiting: number) {
  const state = { waiting, held: 0, fault: undefined as Error | undefined }
  const stream: Stream = {
    direction: 'sent',
    read(limit) {
      if (state.fault) throw state.fault
      const taken = Math.min(limit, state.waiting)
      state.waiting -= taken
      state.held += taken
      return state.waiting > 0
    },
    get held() {
      return state.held
    },
    isQuiet: false,
    take: () => ({ events: [], all: 0 }),
  }
  return { state, stream }
}

function reading(...streams: Stream[]) {
  let due: { milliseconds: number; tick: () => void } | undefined
  const time = {
    in(milliseconds: number, tick: () => void) {
      due = { milliseconds, tick }
      return () => {
        due = undefined
      }
    },
  }
  const told: unknown[] = []
  const reader = traceReader(
    () => streams,
    time,
    () => told.push('full'),
    error => told.push(error),
  )
  return {
    reader,
    streams,
    told,
    next: () => due?.milliseconds,
    fire() {
      const tick = due?.tick
      due = undefined
      tick?.()
    },
  }
}

t.test('reads every stream, and comes again: soon where more is left, in any of them', async t => {
  const [much, little] = [madeStream(1200), madeStream(1)]
  const { reader, next, fire } = reading(much.stream, little.stream)
  reader.read()
  t.equal(much.state.held, 500, 'a bounded part')
  t.equal(little.state.held, 1)
  t.equal(next(), 100)
  fire()
  fire()
  t.equal(much.state.held, 1200)
  t.equal(next(), 1500)
  reader.stop()
  t.equal(next(), undefined)
})

t.test('tells of a pile that nobody takes, though never when it was told to read', async t => {
  const { state, stream } = madeStream(6000)
  const { reader, told, fire } = reading(stream)
  for (let i = 0; i < 10; i++) reader.read()
  t.equal(state.held, 5000)
  t.strictSame(told, [])
  fire()
  t.strictSame(told, ['full'])
})

t.test('a fault is told once, and nothing is read any more', async t => {
  const { state, stream } = madeStream(1)
  const { reader, told, next } = reading(stream)
  reader.read()
  state.fault = new Error('EIO')
  reader.read()
  t.strictSame(told, [state.fault])
  t.equal(next(), undefined)
})

t.test('stops by itself when there is no trace any more', async t => {
  const { stream } = madeStream(1)
  const { reader, streams, next, fire } = reading(stream)
  reader.read()
  streams.pop()
  fire()
  t.equal(next(), undefined)
})
