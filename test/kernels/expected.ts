/** What the charts say of a scenario where the dynamic events are there. */
import { resetsIn, resetsOut, SENT_ERROR } from '../kernel/check-charts'
import type { Letter, Ran } from '../kernel/runner'

/** What TCP never took: its checksum was wrong. */
const RECEIVED_ERROR: Readonly<Record<string, Readonly<Partial<Record<Letter, number>>>>> = {
  badsum_rst: { B: -1 },
}

/** By how much the dimensions of a host's chart rise. */
export function expectedRise({ name, wire }: Ran, letter: Letter): { sent: number; received: number } {
  return {
    sent: resetsOut(wire[letter]) + (SENT_ERROR[name]?.[letter] ?? 0),
    received: resetsIn(name, letter, wire[letter]) + (RECEIVED_ERROR[name]?.[letter] ?? 0),
  }
}
