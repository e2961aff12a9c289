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
