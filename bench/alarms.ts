import { execFileSync, spawnSync } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import { findNetdata } from '../scripts/private-agent'
import { whyNoHosts } from '../test/kernel/hosts'
import { judge } from './alarms/judge'
import { PATTERNS } from './alarms/patterns'
import { play } from './alarms/play'
import { playScene, SCENES } from './alarms/scenes'
import type { Table } from './table'

// Our alarms and the stock ones on Netdata's own chart, in the same agents, over real traffic. Each pattern and each scene
// has agents of its own, all at the same time: it takes as long as the longest, half an hour.

export async function bench(): Promise<readonly Table[]> {
  const netdata = findNetdata()
  const why =
    whyNoHosts() ??
    (netdata ? undefined : 'Netdata is not installed') ??
    (spawnSync('faketime', ['--version']).status === 0 ? undefined : 'faketime is not installed')
  if (netdata === undefined || why !== undefined) throw new Error(`the alarms can't be judged here: ${why}`)

  const stop = new AbortController()
  setMaxListeners(0, stop.signal) // all of them listen
  const interrupt = (): void => stop.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const start = Date.now()
  const say = (text: string): void => {
    console.error(`${String(Math.round((Date.now() - start) / 1000)).padStart(5)} s  ${text}`)
  }
  try {
    const count = PATTERNS.length + SCENES.length
    say(`${count} patterns and scenes, each against agents of its own; the alarms take 7 minutes to be armed`)
    const playing = [
      ...PATTERNS.map(pattern =>
        play(pattern, stop.signal, text => say(`${pattern.name}: ${text}`)).then(judge),
      ),
      ...SCENES.map(scene => playScene(scene, stop.signal, text => say(`${scene.name}: ${text}`))),
    ]
    for (const each of playing) each.catch(error => stop.abort(error)) // one that fails ends them all, and each cleans up
    const settled = await Promise.allSettled(playing)
    if (stop.signal.aborted) throw stop.signal.reason
    const verdicts = settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    const right = verdicts.filter(verdict => verdict.right).length
    return [
      {
        title: 'Alarms',
        note: [
          `Ours and those of ${version(netdata.binary)} on its own chart, in the same agents, over the same traffic.`,
          'Seconds are from the first packet; told: a notification went out; shown: only the state was raised.',
          'That one is over is told a minute after it is, where time is as it is, and half an hour after it where time is compressed, as the rules have it.',
          `Ours are right in ${right} of ${verdicts.length}.`,
        ].join(' '),
        head: [
          'traffic',
          'resets on the wire: sent, received',
          'expected',
          'Netdata’s own rules',
          'ours',
          'notices: Netdata’s, ours',
          'ours right?',
        ],
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
