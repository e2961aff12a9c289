import type { LinuxCounter } from '../sources/linux'

/** One reading of the counters; what could not be read is absent. */
export type Counters<Name extends string = LinuxCounter> = Readonly<Partial<Record<Name, bigint>>>

/** How much each of some counters rose between two readings. */
export type Rises<Name extends string> = Readonly<Record<Name, bigint>>

const WRAP = 2n ** 32n

/**
 * How far a counter rose. Where the kernel's counters are of 32 bits (`unsigned long` of net/ipv4/proc.c), one that is full
 * goes on at 0: that concerns this one alone.
 *
 * @returns undefined where it fell otherwise, which means that it started anew
 */
export function riseOf(before: bigint, now: bigint): bigint | undefined {
  if (now >= before) return now - before
  const wrapped = before < WRAP && before - now > WRAP / 2n
  return wrapped ? now + WRAP - before : undefined
}

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
      const rise = riseOf(before?.[name] ?? value, value)
      if (rise === undefined) anew = true
      rises[name] = rise ?? 0n
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
