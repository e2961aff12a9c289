import type { LinuxCounter } from '../sources/linux'

/** One reading of the counters; what could not be read is absent. */
export type Counters<Name extends string = LinuxCounter> = Readonly<Partial<Record<Name, bigint>>>

/** How much each of some counters rose between two readings. */
export type Rises<Name extends string> = Readonly<Record<Name, bigint>>

/**
 * Follows some counters from reading to reading.
 *
 * @param needed the counters that only mean something together
 * @returns for each reading how much they rose since the last complete one: all 0 at the first, and where one went
 * back, which means that they started anew; undefined while one of them is missing
 */
export function riseFollower<Name extends string>(
  needed: readonly Name[],
): (now: Counters<Name>) => Rises<Name> | undefined {
  let before: Rises<Name> | undefined
  return now => {
    if (!hasAll(now, needed)) return undefined
    const rises = {} as Record<Name, bigint>
    let anew = before === undefined
    for (const name of needed) {
      const value: bigint = now[name]
      const from: bigint = before?.[name] ?? value
      if (value < from) anew = true
      rises[name] = value - from
    }
    if (anew) for (const name of needed) rises[name] = 0n
    before = now
    return rises
  }
}

function hasAll<Name extends string>(
  counters: Counters<Name>,
  needed: readonly Name[],
): counters is Rises<Name> {
  for (const name of needed) if (counters[name] === undefined) return false
  return true
}

/** No count is below 0. */
export function atLeast0(value: bigint): bigint {
  return value > 0n ? value : 0n
}
