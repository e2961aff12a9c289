import { join } from 'node:path'
import { guestPython } from '../../scripts/kernels'
import type { Table } from '../table'
import type { Cost } from './guest'
import { reportOf } from './report-of'

/**
 * What the grant costs ordinary traffic and resets, in instructions, on the packaged kernel of Debian 12: a machine that
 * counts them instead of time.
 *
 * @param folder for what is made meanwhile
 * @returns the table, or why there is none
 */
export async function eventsCost(folder: string): Promise<Table | string> {
  const files = { ...guestPython(), '/test/load.py': join(__dirname, 'load.py') }
  const costs = await reportOf<Record<string, Cost>>(folder, 'guest.ts', { files, countsInstructions: true })
  if (typeof costs === 'string') return costs
  const { segment = 0, reset = 0 } = costs['no grant'] ?? {}
  const more = (value: number, base: number): string =>
    `${value < base ? '' : '+'}${Math.round(value - base)}`
  return {
    title: 'What the grant costs the kernel of Debian 12, in QEMU',
    head: ['', 'instructions for a segment', 'for a reset, sent and received', 'kernel memory'],
    rows: Object.entries(costs).map(([name, cost]) =>
      name === 'no grant'
        ? [name, `${Math.round(segment)}`, `${Math.round(reset)}`, '']
        : [
            name,
            more(cost.segment, segment),
            more(cost.reset, reset),
            `${(cost.memory / 1024).toFixed(1)} MB`,
          ],
    ),
  }
}
