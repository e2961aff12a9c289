import { fullAgentDisk, killedAgent, pausedAgent, restartedAgent } from '../test/faults/agent'
import { steppedClock, suspended } from '../test/faults/clock'
import { abandon, type Fault, MAX_TICKS, type Outcome, play } from '../test/faults/fault'
import { garbageOnStdin, replacedConfig } from '../test/faults/input'
import { fullLogDisk, fullPipe } from '../test/faults/output'
import { brokenProc } from '../test/faults/proc'
import { littleMemory, paused, signalled, starved } from '../test/faults/process'
import { slowProc } from '../test/faults/slow'
import { startSteady } from '../test/faults/steady'
import { build } from './build'

// `npm run soak`: every fault of test/faults, for as long as faults last. `npm run soak -- MINUTES` says how long it takes at
// least (20; the faults themselves need about 15).

const FAULTS: readonly Fault[] = [
  killedAgent,
  restartedAgent,
  pausedAgent,
  fullAgentDisk,
  fullLogDisk,
  fullPipe,
  brokenProc,
  slowProc,
  steppedClock,
  suspended,
  paused,
  signalled,
  starved,
  littleMemory,
  garbageOnStdin,
  replacedConfig,
]

const DEFAULT_MINUTES = 20

/** What became of one fault; a text where it went wrong or could not be tried. */
type Verdict = Outcome | string

/** Plays them one after the other, while a plugin that nothing happens to runs all the time. */
async function soak(minutes: number): Promise<readonly [Fault, Verdict][]> {
  const verdicts: [Fault, Verdict][] = []
  const started = Date.now()
  const steady: Fault = {
    name: `none: ${minutes} minutes and more with 400 resets a second`,
    sees: 'every reset that the kernel counted',
    skip: process.getuid?.() !== 0 && 'needs root to make a network namespace',
    async run(scene) {
      const finish = await startSteady(scene)
      for (const fault of FAULTS) verdicts.push([fault, await judge(fault)])
      const left = started + minutes * 60_000 - Date.now()
      await new Promise(resolve => setTimeout(resolve, left))
      return finish()
    },
  }
  const verdict = await judge(steady)
  if (typeof verdict === 'string')
    for (const fault of FAULTS.slice(verdicts.length)) verdicts.push([fault, await judge(fault)])
  return [...verdicts, [steady, verdict]]
}

async function judge(fault: Fault): Promise<Verdict> {
  console.error(`${new Date().toISOString()} ${fault.name}`)
  if (fault.skip) return `not tried: ${fault.skip}`
  try {
    const outcome = await play(fault, true)
    return outcome.ticks <= MAX_TICKS ? outcome : `WRONG: right again only after ${outcome.ticks} ticks`
  } catch (error) {
    console.error(error)
    return `WRONG: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  }
}

function row([{ name, sees }, verdict]: [Fault, Verdict]): string {
  if (typeof verdict === 'string') return `| ${name} | ${sees} | ${verdict} | | |`
  const { ticks, before, after } = verdict
  const megabytes = (kilobytes: number): string => (kilobytes / 1024).toFixed(1)
  const cells = [
    name,
    sees,
    ticks === 0 ? 'at once' : `${ticks} ${ticks === 1 ? 'tick' : 'ticks'}`,
    `${before.descriptors}, ${after.descriptors}`,
    `${megabytes(before.memory)}, ${megabytes(after.memory)}`,
  ]
  return `| ${cells.join(' | ')} |`
}

async function main([minutes = `${DEFAULT_MINUTES}`]: readonly string[]): Promise<number> {
  if (!/^\d+$/.test(minutes)) {
    console.error(`expected minutes, found ${JSON.stringify(minutes)}`)
    return 1
  }
  await build()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => abandon().finally(() => process.exit(1)))
  }
  const verdicts = await soak(Number(minutes))
  console.log(`| fault | what a user sees | right again after | descriptors before, after | resident memory before, after (MB) |
| --- | --- | --- | --- | --- |
${verdicts.map(row).join('\n')}`)
  return verdicts.some(([, verdict]) => typeof verdict === 'string' && verdict.startsWith('WRONG')) ? 1 : 0
}

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code
  },
  error => {
    console.error(error)
    process.exitCode = 1
  },
)
