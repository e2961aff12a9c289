import fc from 'fast-check'
import t from 'tap'
import { estimateReceivedFreebsd, receivedCounterFreebsd } from '../../plugin/analysis/received-freebsd'

const zero = {
  tcps_conndrops: 0n,
  tcps_drops: 0n,
  tcps_timeoutdrop: 0n,
  tcps_persistdrop: 0n,
  tcps_keepdrops: 0n,
  tcps_progdrops: 0n,
  tcps_sc_reset: 0n,
  tcps_badrst: 0n,
}
type Counters = typeof zero

t.test('what each event counts as, as the kernel source has it', async t => {
  const cases: Record<string, [Partial<Counters>, bigint]> = {
    nothing: [{}, 0n],
    'refused connects': [{ tcps_conndrops: 3n }, 3n],
    'peers abort': [{ tcps_drops: 2n }, 2n],
    'a reset of a half-open connection': [{ tcps_sc_reset: 4n }, 4n],
    'a reset that was not believed': [{ tcps_badrst: 1n }, 1n],
    'connect timeout': [{ tcps_conndrops: 1n, tcps_keepdrops: 1n }, 0n],
    'retransmission timeout': [{ tcps_drops: 1n, tcps_timeoutdrop: 1n }, 0n],
    'keepalive timeout': [{ tcps_drops: 1n, tcps_keepdrops: 1n }, 0n],
    'persist timeout': [{ tcps_drops: 1n, tcps_persistdrop: 1n }, 0n],
    'progress timeout': [{ tcps_drops: 1n, tcps_progdrops: 1n }, 0n],
    'own abort, which nothing tells apart': [{ tcps_drops: 1n }, 1n],
    'a timeout before its drop is counted takes nothing from half-open ones': [
      { tcps_timeoutdrop: 1n, tcps_sc_reset: 1n },
      1n,
    ],
    mixed: [
      { tcps_conndrops: 5n, tcps_drops: 4n, tcps_timeoutdrop: 2n, tcps_keepdrops: 1n, tcps_sc_reset: 3n },
      9n,
    ],
  }
  for (const [name, [rise, expected]] of Object.entries(cases)) {
    t.equal(estimateReceivedFreebsd({ ...zero, ...rise }).received, expected, name)
  }
})

t.test('adds up, and a gap is accounted for by the next complete reading', async t => {
  const received = receivedCounterFreebsd()
  t.equal(received({ ...zero, tcps_drops: 100n }), 0n, 'starts at 0 whatever was before')
  t.equal(received({ ...zero, tcps_drops: 102n }), 2n)
  t.equal(received({}), undefined)
  t.equal(received({ tcps_drops: 103n }), undefined)
  t.equal(received({ ...zero, tcps_drops: 107n }), 7n)
  t.equal(received(zero), 7n, 'netstat -z: counters that start anew count nothing')
  t.equal(received({ ...zero, tcps_drops: 1n }), 8n)
})

t.test('a timeout in one reading and its drop in the next are no reset', async t => {
  const received = receivedCounterFreebsd()
  received(zero)
  t.equal(received({ ...zero, tcps_keepdrops: 1n }), 0n)
  t.equal(received({ ...zero, tcps_keepdrops: 1n, tcps_drops: 1n }), 0n)
  t.equal(received({ ...zero, tcps_keepdrops: 1n, tcps_drops: 2n }), 1n, 'it is owed once')
})

t.test('nor are those of any timer, when some of the drops come later still', async t => {
  for (const timer of ['tcps_timeoutdrop', 'tcps_persistdrop', 'tcps_keepdrops', 'tcps_progdrops']) {
    const timeouts = { ...zero, [timer]: 2n, tcps_sc_reset: 1n }
    const received = receivedCounterFreebsd()
    t.equal(received(zero), 0n)
    t.equal(received(timeouts), 1n, 'nothing is taken from what is counted by itself')
    t.equal(received(timeouts), 1n, 'a reading with nothing new')
    t.equal(received({ ...timeouts, tcps_drops: 1n }), 1n)
    t.equal(received({ ...timeouts, tcps_drops: 5n }), 4n, timer)
    t.equal(received({ ...timeouts, tcps_drops: 6n }), 5n)
  }
})

t.test('before FreeBSD 14 nothing counts progress timeouts, which is no gap', async t => {
  const received = receivedCounterFreebsd()
  const { tcps_progdrops: _, ...older } = zero
  t.equal(received(older), 0n)
  t.equal(received({ ...older, tcps_drops: 3n }), 3n)
})

t.test('never goes down, whatever the counters do', async () => {
  const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  const reading = fc.record(Object.fromEntries(Object.keys(zero).map(name => [name, u64])), {
    requiredKeys: [],
  })
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 20 }), all => {
      const received = receivedCounterFreebsd()
      let last = 0n
      return all.every(counters => {
        const value = received(counters)
        if (value === undefined) return true
        const rose = value >= last
        last = value
        return rose
      })
    }),
  )
})
