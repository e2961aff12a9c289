import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Coverage } from './coverage'
import { type Dice, mutate } from './mutate'
import type { Target } from './target'

/** Inputs that once broke something, by target; the tests try them for ever. */
const crashes = join(__dirname, 'crashes')

/** Longer than any of these parsers may take, whatever it gets, on a busy machine. */
const MAX_MS = 1000

/** What is known of one target. */
export interface Course {
  readonly target: Target
  /** The seeds, and batches of inputs that got to a part of the program which none before got to. */
  readonly corpus: string[]
  runs: number
  crashes: number
}

export function courseOf(target: Target): Course {
  return { target, corpus: [...target.seeds()], runs: 0, crashes: 0 }
}

/**
 * Runs a target once.
 *
 * @throws what it throws, or when it takes too long
 */
export function tryOnce({ run }: Target, input: string): void {
  const start = process.cpuUsage()
  run(input)
  const { user } = process.cpuUsage(start)
  if (user > MAX_MS * 1000) throw new Error(`took ${user / 1000} ms`)
}

/**
 * Runs a target on a batch of new inputs.
 *
 * @param coverage what tells which inputs are worth keeping; without it none is
 * @param onCrash gets the input
 */
export function fuzzOn(
  course: Course,
  batch: number,
  roll: Dice,
  coverage: Coverage | undefined,
  onCrash: (input: string, error: unknown) => void,
): void {
  const { corpus, target } = course
  const any = (): string => corpus[roll(corpus.length)] ?? ''
  const inputs = Array.from({ length: batch }, () => mutate(any(), any(), roll))
  const tryAll = (each: readonly string[]): void => {
    for (const input of each) {
      course.runs++
      try {
        tryOnce(target, input)
      } catch (error) {
        course.crashes++
        onCrash(input, error)
      }
    }
  }
  tryAll(inputs)
  // Which of them it was is not asked: looking costs more than running.
  if (coverage?.grew()) corpus.push(...inputs)
}

/** Keeps an input that broke something as a fixture; one of each kind of breaking. */
export function keepCrash(target: Target, input: string, error: unknown): string {
  const folder = join(crashes, target.name)
  const why =
    error instanceof Error ? `${error.name} ${error.message} ${error.stack?.split('\n')[1]}` : `${error}`
  const name = createHash('sha256').update(why.replace(/\d+/g, '0')).digest('hex').slice(0, 12)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), JSON.stringify(input))
  return join(folder, name)
}

/** The kept inputs of a target. */
export function keptCrashes({ name }: Target): string[] {
  try {
    return readdirSync(join(crashes, name)).map(file =>
      JSON.parse(readFileSync(join(crashes, name, file), 'utf8')),
    )
  } catch {
    return [] // none so far
  }
}
