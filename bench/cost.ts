import { measureGrowth, measureTicks } from './cost/ticks'
import type { Table } from './table'

// What ticks cost when nothing else is in the way, next to the least that could be done, measured in the same run.

const NOTE = `Medians of CPU, user and system time of all threads. The plugin's own tick (both files read and parsed, the analysis, the
text, the write to a pipe) in a process where only the clock is the bench's, without the search for containers.`

export async function bench(): Promise<readonly Table[]> {
  const figures = [...(await measureTicks()), ...(await measureGrowth())]
  return [
    {
      title: 'Cost of ticks, back to back',
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
