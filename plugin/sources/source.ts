/** One reading of the counters. What could not be read is absent from `counters`, and `fault` says why. */
export interface Reading<Name extends string = string> {
  readonly counters: Readonly<Partial<Record<Name, bigint>>>
  /** What is wrong, naming the place, for a person; absent when all is well. */
  readonly fault?: string
}

/** Where counters come from. A source never throws once it is made: what fails is a gap and a `fault`. */
export interface Source<Name extends string = string> {
  /** Netdata's module name, and the chart label `source`. */
  readonly name: string
  read(): Reading<Name>
  close(): void
}

/** A source that can't answer at once: `read()` gives what the last `start()` found. */
export interface SlowSource<Name extends string = string> extends Source<Name> {
  /**
   * Begins a reading; `done` is called once, when there is an answer or a fault for `read()` to give. While one is
   * under way nothing is begun: its own `done` is still to come.
   */
  start(done: () => void): void
}
