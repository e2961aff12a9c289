import { measureRunning } from './cost/running'
import { measureStart } from './cost/start'
import { measureGrowth, measureTicks } from './cost/ticks'
import type { Table } from './table'

// What the plugin costs, next to peers that do the least that could be done, measured in the same run.

/** The plugin's figure next to its peer's. */
export interface Figure {
  readonly what: string
  readonly plugin: string
  readonly peer: string
  /** How far the plugin is from its peer, as the goal has it. */
  readonly distance: string
  /** What was aimed for, and whether it was met; absent where nothing was. */
  readonly goal?: { readonly text: string; readonly met: boolean }
}

const NOTE = `Medians; CPU is user and system time of all threads. "Back to back" is the plugin's own tick (both files read and
parsed, the analysis, the text, the write to a pipe) in a process where only the clock is the bench's, without the search for containers. At one tick a
second the processor's caches are cold, and everything costs more, the peer's reads as well.`

export async function bench(): Promise<readonly Table[]> {
  const figures = [
    ...(await measureTicks()),
    ...(await measureRunning()),
    ...(await measureStart()),
    ...(await measureGrowth()),
  ]
  return [
    {
      title: 'Cost',
      note: NOTE,
      head: ['', 'plugin', 'peer', 'plugin to peer', 'goal'],
      rows: figures.map(({ what, plugin, peer, distance, goal }) => [
        what,
        plugin,
        peer,
        distance,
        goal === undefined ? '' : `${goal.text}: ${goal.met ? 'met' : 'missed'}`,
      ]),
    },
  ]
}
