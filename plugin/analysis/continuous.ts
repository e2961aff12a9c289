type Counters<Name extends string> = Readonly<Partial<Record<Name, bigint>>>

/**
 * Counters that only rise, from counters that start at 0 again whenever a container of the same name gets a new
 * network namespace. Netdata takes a counter that falls for one that ran over, and may show a rise that never was.
 *
 * When any of them fell, or they are known to be of another namespace, all of them started anew, and count from there on
 * top of what there was.
 */
export function continuous<Name extends string>(): (
  counters: Counters<Name>,
  anew?: boolean,
) => Counters<Name> {
  const none: Partial<Record<Name, bigint>> = {}
  let before: Counters<Name> = none
  let base: Counters<Name> | undefined

  return (counters, anew = false) => {
    if (anew || fell(before, counters)) {
      base = sum(base ?? none, before)
      before = none
    }
    // One that is missing this time has not started anew.
    before = { ...before, ...counters }
    if (base === undefined) return counters
    const result: Partial<Record<Name, bigint>> = {}
    for (const name in counters) result[name] = (counters[name] ?? 0n) + (base[name] ?? 0n)
    return result
  }
}

function fell<Name extends string>(before: Counters<Name>, now: Counters<Name>): boolean {
  for (const name in now) if ((now[name] ?? 0n) < (before[name] ?? 0n)) return true
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
