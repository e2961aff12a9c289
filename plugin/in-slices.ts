/** Milliseconds of work after which everything else, such as the next tick, has its turn. */
const SLICE = 5

/** Runs a generator to its end in short slices. @returns what it returns */
export function inSlices<Result>(run: Generator<unknown, Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const slice = (): void => {
      const start = performance.now()
      try {
        let step = run.next()
        while (!step.done && performance.now() - start < SLICE) step = run.next()
        if (step.done) resolve(step.value)
        else setImmediate(slice)
      } catch (error) {
        reject(error)
      }
    }
    slice()
  })
}
