import fc from 'fast-check'
import t from 'tap'
import type { ResetEvent } from '../../plugin/tracing/event'
import { resetTally } from '../../plugin/tracing/tally'

const sum = (totals: Record<string, bigint>): bigint => Object.values(totals).reduce((a, b) => a + b, 0n)

const event = (more: Partial<ResetEvent>): ResetEvent => ({ direction: 'sent', localPort: 80, ...more })

const events = fc.array(
  fc
    .record({
      family: fc.constantFrom('IPv4' as const, 'IPv6' as const, undefined),
      reason: fc.constantFrom('NO_SOCKET', 'TCP_STATE', undefined),
      namespace: fc.constantFrom(1, 2, undefined),
    })
    .map(event),
  { maxLength: 20 },
)

t.test('every reset is in the totals once, also those that were not read', async t => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          direction: fc.constantFrom('sent' as const, 'received' as const),
          events,
          more: fc.nat(1000),
        }),
      ),
      steps => {
        const tally = resetTally(String)
        let [all, sent, read] = [0, 0, 0]
        for (const { direction, events, more } of steps) {
          const count = events.length + more
          tally.add(direction, events, count, 0)
          all += count
          read += events.length
          if (direction === 'sent') sent += count
        }
        const details = tally.details(0)
        t.equal(sum(tally.traced()), BigInt(all))
        t.equal(sum(tally.reasons()), BigInt(sent))
        t.match(details, { resets: all, read })
      },
    ),
    { numRuns: 50 },
  )
})

t.test('what was read stands for what was not', async t => {
  const tally = resetTally(namespace => `container ${namespace}`)
  tally.add('sent', [event({ family: 'IPv4', reason: 'NO_SOCKET', namespace: 7 })], 10, 0)
  tally.add('sent', [], 5, 0)
  tally.add('received', [], 0, 0)
  t.match(tally.traced(), { ipv4_sent: 10n, sent: 5n })
  t.match(tally.reasons(), { NO_SOCKET: 10n, not_read: 5n })
  t.match(tally.details(0).rows, [{ count: 10, container: 'container 7' }])
})
