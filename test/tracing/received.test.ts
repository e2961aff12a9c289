import fc from 'fast-check'
import t from 'tap'
import type { ResetEvent } from '../../plugin/tracing/event'
import { receivedCounts } from '../../plugin/tracing/received'

const from = (namespace: number, count = 1): ResetEvent[] =>
  Array.from({ length: count }, () => ({ direction: 'received', namespace, localPort: 80 }))

t.test('by the table of the kernel, whatever was read', async t => {
  let table = { counts: new Map([[7, 40n]]), dropped: 0n }
  const counts = receivedCounts(() => table)
  counts.update([], 0)
  const first = counts.of(7)
  t.match(first, { count: 40n, isShare: false })
  t.match(counts.of(8), { count: 0n, isShare: false }, 'one that has received none')
  const none = counts.of(8)
  table = { counts: new Map([[7, 1_000_040n]]), dropped: 0n }
  counts.update(from(7, 3), 1_000_000)
  t.match(counts.of(7), { count: 1_000_040n, isShare: false })
  t.equal(counts.of(7)?.origin, first?.origin, 'can be compared')
  t.not(counts.of(8)?.origin, first?.origin, 'not with that of another')
  t.equal(counts.of(8), none, 'the same as long as nothing came')
  table = { counts: new Map([[7, 1_000_040n]]), dropped: 2n }
  counts.update([], 0)
  t.ok(counts.of(8), 'known from before')
  t.equal(counts.of(9), undefined, 'may be among those that found no room')
})

t.test('by what was read, where the kernel has no table', async t => {
  const counts = receivedCounts(undefined)
  counts.update([], 0)
  t.match(counts.of(7), { count: 0n, isShare: false })
  counts.update([...from(7, 3), ...from(8)], 4)
  t.match(counts.of(7), { count: 3n, isShare: false })
  t.match(counts.of(8), { count: 1n, isShare: false })
  counts.update([...from(7, 3), ...from(8)], 400)
  t.match(counts.of(7), { count: 303n, isShare: true })
  t.match(counts.of(8), { count: 101n, isShare: true })
  t.match(counts.of(9), { count: 0n, isShare: true }, 'of this one some may have been lost')
  const before = counts.of(7)
  counts.update([], 5)
  t.not(counts.of(7)?.origin, before?.origin, 'nobody knows whose they were: not compared')
})

t.test('what is shared out is all there was', async () => {
  const looks = fc.array(
    fc.tuple(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 9 }), fc.nat(1000)),
  )
  fc.assert(
    fc.property(looks, all => {
      const counts = receivedCounts(undefined)
      let total = 0n
      for (const [namespaces, more] of all) {
        const events = namespaces.flatMap(namespace => from(namespace))
        counts.update(events, events.length + more)
        total += BigInt(events.length + more)
      }
      const sum = [1, 2, 3, 4, 5].reduce((sum, namespace) => sum + (counts.of(namespace)?.count ?? 0n), 0n)
      return sum === total
    }),
  )
})

t.test('namespaces without end', async t => {
  const counts = receivedCounts(undefined)
  const events = Array.from({ length: 5000 }, (_, namespace) => from(namespace)).flat()
  counts.update(events, events.length)
  t.match(counts.of(4095), { count: 1n })
  t.equal(counts.of(4096), undefined, 'an estimate again')
})
