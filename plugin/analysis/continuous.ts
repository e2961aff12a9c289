import { type Counters, riseOf } from './counters'

/**
 * Counters that only rise, from counters that start at 0 again whenever a container of the same name gets a new
 * network namespace. Netdata takes a counter that falls for one that ran over, and may show a rise that never was.
 *
 * A restart is told by the identity of the namespace (`anew`), and then all of them count from there on top of what there
 * was. Only where the kernel tells no identity is it told by a counter that fell. One that ran over is
 * that counter's alone.
 */
export function continuous<Name extends string>(): (
  counters: Counters<Name>,
  anew?: boolean,
) => Counters<Name> {
  const none: Partial<Record<Name, bigint>> = {}
  let before: Counters<Name> = none
  let total: Counters<Name> = none
  let last = { counters: before, result: total }

  return (counters, anew = false) => {
    // In most seconds nothing moved, and the reading is the same object.
    if (counters === last.counters && !anew) return last.result
    if (anew || fell(before, counters)) before = none
    const result: Partial<Record<Name, bigint>> = {}
    for (const name in counters) {
      const value = counters[name] ?? 0n
      result[name] = (total[name] ?? 0n) + (riseOf(before[name] ?? 0n, value) ?? value)
    }
    // One that is missing this time has not started anew.
    // Two spreads in one literal are 70 µs each in Node 20, and this is for every namespace with traffic.
    before = Object.assign({}, before, counters)
    total = Object.assign({}, total, result)
    last = { counters, result }
    return result
  }
}

function fell<Name extends string>(before: Counters<Name>, now: Counters<Name>): boolean {
  for (const name in now) if (riseOf(before[name] ?? 0n, now[name] ?? 0n) === undefined) return true
  return false
}

/** Two sets of counters as one: every name of either. */
export function sum<Name extends string>(a: Counters<Name>, b: Counters<Name>): Counters<Name> {
  const result: Partial<Record<Name, bigint>> = { ...a }
  for (const name in b) result[name] = (a[name] ?? 0n) + (b[name] ?? 0n)
  return result
}

/** How far each counter rose. One that is not in both did not, as far as is known. */
export function rise<Name extends string>(before: Counters<Name>, now: Counters<Name>): Counters<Name> {
  const result: Partial<Record<Name, bigint>> = {}
  for (const name in now) result[name] = (now[name] ?? 0n) - (before[name] ?? now[name] ?? 0n)
  return result
}
