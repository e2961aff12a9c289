/** Milliseconds of work after which everything else, such as the next tick or a request, has its turn. */
const SLICE = 10

/**
 * Runs a generator to its end in short slices, so that it never stands in the way of anything else.
 *
 * @param milliseconds a monotonic clock
 * @param take gets the text of each slice
 * @returns starts a run; false while the run before is not at its end
 */
export function sliced(
  milliseconds: () => number,
  take: (text: string) => void,
): (run: Generator<string>) => boolean {
  let running = false

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
    if (running) return false
    running = true
    slice(run)
    return true
  }
}
