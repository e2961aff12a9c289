import { execFileSync } from 'node:child_process'
import { findNetdata } from '../scripts/private-agent'
import { whyNoHosts } from '../test/kernel/hosts'
import { judge } from './alarms/judge'
import { PATTERNS } from './alarms/patterns'
import { play } from './alarms/play'
import type { Table } from './table'

// Our alarms and the stock ones on Netdata's own chart, in the same agents, over real traffic. Each pattern has an
// agent of its own, all at the same time: it takes as long as the longest, a good quarter of an hour.

export async function bench(): Promise<readonly Table[]> {
  const netdata = findNetdata()
  const why = whyNoHosts() ?? (netdata ? undefined : 'Netdata is not installed')
  if (netdata === undefined || why !== undefined) throw new Error(`the alarms can't be judged here: ${why}`)

  const stop = new AbortController()
  const interrupt = (): void => stop.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const start = Date.now()
  const say = (text: string): void => {
    console.error(`${String(Math.round((Date.now() - start) / 1000)).padStart(5)} s  ${text}`)
  }
  try {
    say(
      `${PATTERNS.length} patterns, each against an agent of its own; the alarms take 7 minutes to be armed`,
    )
    const playing = PATTERNS.map(pattern =>
      play(pattern, stop.signal, text => say(`${pattern.name}: ${text}`)).catch(error => {
        stop.abort(error) // one that fails ends them all, and each cleans up behind itself
        throw error
      }),
    )
    const settled = await Promise.allSettled(playing)
    if (stop.signal.aborted) throw stop.signal.reason
    const verdicts = settled.flatMap(one => (one.status === 'fulfilled' ? [judge(one.value)] : []))
    const right = verdicts.filter(verdict => verdict.right).length
    return [
      {
        title: 'Alarms',
        note: [
          `Ours and those of ${version(netdata.binary)} on its own chart, in the same agents, over the same traffic.`,
          'Seconds are from the first packet; told: a notification went out; shown: only the state was raised.',
          `Ours are right in ${right} of ${verdicts.length}.`,
        ].join(' '),
        head: ['pattern', 'resets on the wire: sent, received', 'expected', 'stock', 'ours', 'ours right?'],
        rows: verdicts.map(verdict => verdict.cells),
      },
    ]
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** `netdata v1.37.1` */
function version(binary: string): string {
  return execFileSync(binary, ['-V'], { encoding: 'utf8' }).trim()
}
