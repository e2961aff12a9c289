import fc from 'fast-check'
import t from 'tap'
import { timeoutResetsCounter } from '../../plugin/analysis/sent-freebsd'

const zero = { tcps_timeoutdrop: 0n, tcps_keepdrops: 0n, tcps_conndrops: 0n }

t.test('timeouts that must have sent a reset, one reading late', async t => {
  const cases: Record<string, [readings: Partial<typeof zero>[], expected: bigint]> = {
    'a retransmission and two keepalives': [[{ tcps_timeoutdrop: 1n, tcps_keepdrops: 2n }], 3n],
    'a connect that timed out': [[{ tcps_keepdrops: 1n, tcps_conndrops: 1n }], 0n],
    'its drop in the next reading': [
      [{ tcps_keepdrops: 1n }, { tcps_keepdrops: 1n, tcps_conndrops: 1n }],
      0n,
    ],
    'refused connects before': [[{ tcps_conndrops: 5n }, { tcps_conndrops: 5n, tcps_keepdrops: 1n }], 1n],
    'a gap': [[{ tcps_keepdrops: 1n }], 1n],
  }
  for (const [name, [readings, expected]] of Object.entries(cases)) {
    const counter = timeoutResetsCounter()
    counter(zero)
    for (const reading of readings) counter({ ...zero, ...reading })
    t.equal(counter({ tcps_keepdrops: 9n }), undefined, `${name}: incomplete`)
    t.equal(counter({ ...zero, ...readings.at(-1) }), expected, name)
  }
})

t.test('never more than there were, wherever the readings fall', async () => {
  const event = fc.constantFrom('keepalive', 'connect timed out', 'refused', 'reading')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), events => {
      const counter = timeoutResetsCounter()
      const kernel = { ...zero }
      let sent = 0n
      let late = 0n
      counter(kernel)
      return events.every(what => {
        if (what === 'reading') {
          const counted = counter({ ...kernel })
          kernel.tcps_conndrops += late
          late = 0n
          return counted !== undefined && counted <= sent
        }
        if (what !== 'refused') kernel.tcps_keepdrops += 1n
        if (what === 'keepalive') sent += 1n
        if (what === 'refused') kernel.tcps_conndrops += 1n
        // Counted after the timeout, and here always after the next reading.
        if (what === 'connect timed out') late += 1n
        return true
      })
    }),
  )
})
