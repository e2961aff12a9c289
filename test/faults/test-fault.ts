import t from 'tap'
import { type Fault, MAX_TICKS, play } from './fault'

/** A test of the short version of each fault. */
export function testFaults(...faults: readonly Fault[]): void {
  for (const fault of faults) {
    t.test(fault.name, { skip: fault.skip ?? false }, async t => {
      const { ticks, before, after } = await play(fault, false)
      t.ok(ticks <= MAX_TICKS, `right again after ${ticks} ticks`)
      t.comment(JSON.stringify({ before, after }))
    })
  }
}
