import type { Log } from '../log'

/** Milliseconds of work after which everything else, such as the next tick or a request, has its turn. */
const SLICE = 10
/** So many ticks in a row without a new run are worth a word. One alone comes of a machine that was busy. */
const BEHIND = 10

/**
 * Runs a generator to its end in short slices, so that it never stands in the way of anything else.
 *
 * @param milliseconds a monotonic clock
 * @param take gets the text of each slice
 * @returns starts a run, unless the one before is still under way
 */
export function sliceRunner(
  milliseconds: () => number,
  take: (text: string) => void,
  log: Log,
): (run: Generator<string>) => void {
  let running = false
  let skipped = 0

  const slice = (run: Generator<string>): void => {
    const start = milliseconds()
    let text = ''
    let step = run.next()
    while (!step.done && milliseconds() - start < SLICE) {
      text += step.value
      step = run.next()
    }
    if (!step.done) text += step.value
    take(text)
    if (step.done) running = false
    else setImmediate(slice, run)
  }

  return run => {
    skipped = running ? skipped + 1 : 0
    if (skipped % BEHIND === 0) {
      const fault = 'not read at every tick: reading them takes longer than the time between two ticks'
      log.fault('other network namespaces', skipped === 0 ? undefined : fault)
    }
    if (running) return
    running = true
    slice(run)
  }
}
