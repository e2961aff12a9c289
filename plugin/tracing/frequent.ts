/**
 * The frequent keys of a stream, in bounded memory: Misra and Gries, "Finding repeated elements" (1982), with weights,
 * and many keys dropped at once instead of one by one.
 *
 * A count is never too high, and never too low by more than `missed()`, which is at most the weight of the whole stream
 * divided by `capacity`. A key that made up a larger part than that is always there.
 */
export interface Frequent<Entry extends Counted> {
  /**
   * @param make an entry for a key that is not there, with a count of 0
   * @returns the entry of the key, which may change all but its count
   */
  add(key: string, weight: number, make: () => Entry): Entry
  entries(): Iterable<[string, Readonly<Entry>]>
  missed(): number
}

export interface Counted {
  count: number
}

/** @param capacity keys that are kept; twice as many for a moment */
export function frequent<Entry extends Counted>(capacity: number): Frequent<Entry> {
  const kept = new Map<string, Entry>()
  let missed = 0

  /** Takes from every count what the largest one that has to go has. */
  const prune = (): void => {
    const sorted = Float64Array.from(kept.values(), ({ count }) => -count).sort()
    const cut = -(sorted[capacity] ?? 0)
    missed += cut
    for (const [key, entry] of kept) {
      entry.count -= cut
      if (entry.count <= 0) kept.delete(key)
    }
  }

  return {
    add(key, weight, make) {
      let entry = kept.get(key)
      if (entry === undefined) {
        if (kept.size >= 2 * capacity) prune()
        entry = make()
        kept.set(key, entry)
      }
      entry.count += weight
      return entry
    },
    entries: () => kept.entries(),
    missed: () => missed,
  }
}
