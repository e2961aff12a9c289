/** A parser of text that comes from outside, with what must hold for whatever it gets. */
export interface Target {
  readonly name: string
  /** Real texts, to start from. */
  seeds(): string[]
  /** @throws where something does not hold */
  run(text: string): void
}
