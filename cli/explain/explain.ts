import { realpathSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { NotACapture } from '../../explain/capture/refusal'
import { explain } from '../../explain/explain'
import type { Explanation } from '../../explain/explanation'
import { renderHtml } from '../../explain/report/html'
import { renderJson } from '../../explain/report/json'
import { printable } from '../../explain/report/quote'
import { renderText } from '../../explain/report/text'
import { damageOf } from '../../explain/report/told'
import { attempt } from '../../plugin/attempt'
import { UsageError } from '../usage-error'
import { fileError } from './file-error'
import { explainLive } from './live'
import { type Asked, readOptions, USAGE } from './options'
import { startProgress } from './progress'
import { sourceOf } from './source'
import { lookOf } from './terminal'

const INTERRUPTED = 130

/**
 * `tcp-resets explain`: what the resets of captures mean.
 *
 * @param noted what is known of the capture beside it, a sentence each
 * @returns the exit code: 0 all read, 1 read in part, 130 interrupted
 * @throws UsageError where it was called wrongly or a file is no capture
 */
export async function explainCommand(
  args: readonly string[],
  noted: readonly string[] = [],
): Promise<number> {
  const asked = readOptions(args)
  if (asked.help || (asked.files.length === 0 && asked.live === undefined)) {
    process[asked.help ? 'stdout' : 'stderr'].write(USAGE)
    return asked.help ? 0 : 2
  }
  refuseToOverwrite(asked)
  // Who closes the pipe (`| head`) has seen enough.
  process.stdout.on('error', () => process.exit(0))
  const interrupt = new AbortController()
  process.once('SIGINT', () => {
    // What was read is explained; who asks again does not want to wait for that.
    process.once('SIGINT', () => process.exit(INTERRUPTED))
    interrupt.abort()
  })
  const explained = await (asked.live
    ? explainLive(asked, asked.live, interrupt.signal)
    : explainFiles(asked, interrupt.signal))
  if (explained === undefined) return INTERRUPTED
  const notes = [...new Set([...explained.capture.notes, ...noted])]
  await print({ ...explained, capture: { ...explained.capture, notes } }, asked)
  for (const damage of damageOf(explained.capture)) process.stderr.write(`tcp-resets: ${damage}\n`)
  if (interrupt.signal.aborted) return INTERRUPTED
  return explained.capture.files.some(({ damage }) => damage !== undefined) ? 1 : 0
}

/** @returns undefined where it was interrupted before there was anything to read */
async function explainFiles(
  { files, idleSeconds, wanted }: Asked,
  signal: AbortSignal,
): Promise<Explanation | undefined> {
  // Or V8 takes four times the memory that is in use before it looks for what is not.
  setFlagsFromString('--heap-growing-percent=50')
  const progress = startProgress(process.stderr, () => performance.now())
  let reading = ''
  const sources = files.map(name =>
    sourceOf(name, signal, (file, read, size) => {
      reading = file
      progress.at(file, read, size)
    }),
  )
  try {
    return await explain(sources, { idleSeconds, wanted, signal })
  } catch (error) {
    if (signal.aborted) return undefined
    throw whyNot(reading, error)
  } finally {
    progress.end()
  }
}

/** What is wrong with a file, and which one that is; faults of our own are left as they are. */
function whyNot(file: string, error: unknown): unknown {
  const name = file === '-' ? 'standard input' : file
  if (error instanceof NotACapture) return new UsageError(`${printable(name)}: ${error.message}`)
  return fileError(name, error) ?? error
}

/** A capture can't be taken again. */
function refuseToOverwrite({ html, files }: Asked): void {
  if (html !== undefined && files.some(file => realPath(file) === realPath(html)))
    throw new UsageError(`--html: ${printable(html)} is one of the captures to read`)
}

function realPath(file: string): string {
  return attempt(() => realpathSync(file)) ?? file
}

async function print(explanation: Explanation, { json, html, summary, limit }: Asked): Promise<void> {
  if (html !== undefined) writePage(html, renderHtml(explanation, summary ? 0 : limit))
  if (json) {
    const resets = summary ? [] : explanation.resets.slice(0, limit)
    for (const piece of renderJson({ ...explanation, resets })) await say(piece)
  } else if (html === undefined) {
    await say(
      renderText(explanation, { ...lookOf(process.stdout, process.env), summaryOnly: summary, limit }),
    )
  } else await say(`${printable(html)}: ${printable(explanation.summary.finding)}\n`)
}

function writePage(html: string, page: string): void {
  try {
    writeFileSync(html, page)
  } catch (error) {
    throw fileError(`--html: ${html}`, error) ?? error
  }
}

/** Until it is written: who reads it may be slow, and the process ends behind it. */
function say(text: string): Promise<unknown> {
  return new Promise(resolve => process.stdout.write(text, resolve))
}
