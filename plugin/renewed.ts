import type { Config } from './config/config'

/** Something that is made anew whenever the part of the configuration that it stands on changes. */
export interface Renewed<T> {
  /** What there is now. */
  readonly now: T | undefined
  /**
   * Makes what the configuration asks for.
   *
   * @returns puts it into the place of what there is now, and never fails
   * @throws as making it does; nothing has changed then
   */
  prepare(config: Config): () => void
}

/**
 * @param partOf what it stands on
 * @param make undefined where the configuration asks for none
 */
export function renewed<T extends { stop(): void }>(
  partOf: (config: Config) => unknown,
  make: (config: Config) => T | undefined,
): Renewed<T> {
  let part: string | undefined
  let now: T | undefined
  return {
    get now() {
      return now
    },
    prepare(config) {
      const wanted = JSON.stringify(partOf(config))
      if (wanted === part) return () => {}
      const next = make(config)
      return () => {
        now?.stop()
        now = next
        part = wanted
      }
    },
  }
}
