import { type Profiler, Session } from 'node:inspector'

/** Which parts of the program have run, as V8 counts them, without instrumenting anything. */
export interface Coverage {
  /** Whether something ran since the last call that had not run before, or ran many more times. */
  grew(): boolean
  /** Parts that ran so far. */
  size(): number
}

/** @param folders whose files count */
export function startCoverage(folders: readonly string[]): Coverage {
  const session = new Session()
  const seen = new Set<string>()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return {
    grew() {
      const before = seen.size
      // In the same thread the answer comes before post() returns.
      session.post('Profiler.takePreciseCoverage', (_, { result } = { result: [] }) => {
        for (const script of result)
          if (folders.some(folder => script.url.includes(folder))) note(script, seen)
      })
      return seen.size > before
    },
    size: () => seen.size,
  }
}

function note({ url, functions }: Profiler.ScriptCoverage, seen: Set<string>): void {
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      // Once, a few times, many times: as fuzzers do.
      if (count > 0)
        seen.add(`${url}:${startOffset}-${endOffset}:${Math.min(Math.floor(Math.log2(count)), 8)}`)
    }
  }
}
