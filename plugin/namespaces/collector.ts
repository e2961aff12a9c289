import { namespacesChart } from '../charts/namespaces'
import { PLUGIN } from '../charts/resets'
import type { Config } from '../config/config'
import type { Log } from '../log'
import { messageOf } from '../message'
import { chartWriter } from '../netdata/chart'
import { type Namespace, namespaceFinder } from './find'
import { type Member, newMember } from './member'
import { uniqueName, wantedName } from './name'
import { othersCollector } from './others'
import { readOwner } from './owner'
import { isProcfs, uptime } from './processes'
import { roster } from './roster'
import { simplePattern } from './simple-pattern'

/** Seconds that a namespace has to last before it gets a chart: a job of a few seconds would leave it behind. */
const MIN_AGE = 30
/** The same for one that comes back under a name that was there before. Its processes have settled by then. */
const MIN_AGE_RETURNING = 3
/** Of the namespaces that are only summed, one in so many is read at each tick. */
const SUM_TICKS = 5
/** Of those that are not read at all, one in so many is asked at each tick whether it is still there. */
const CHECK_TICKS = 10
/** Milliseconds between two searches as long as there was never anything to be found. */
const SEARCH_EVERY = 2500
/** So many are remembered that are gone and have no chart any more: their counters go on should they come back. */
const REMEMBERED = 200

export interface NamespacesCollector {
  /** One collection in many short steps, each with whole charts of protocol text, often none. */
  collect(): Generator<string>
}

/**
 * The charts of all network namespaces but the plugin's own.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @param milliseconds a monotonic clock
 * @returns undefined where there are none to be found: switched off, or no procfs
 */
export function namespacesCollector(
  root: string,
  config: Pick<Config, 'update_every' | 'namespaces'>,
  milliseconds: () => number,
  log: Log,
): NamespacesCollector | undefined {
  const { enabled, include, exclude, max } = config.namespaces
  const proc = `${root}/proc`
  if (!enabled || !isProcfs(proc)) return undefined

  const isIncluded = simplePattern(include)
  const isExcluded = simplePattern(exclude)
  const finder = namespaceFinder(proc)
  const seats = roster(max)
  /** By name, with those that are gone. The one that was away the longest comes first. */
  const members = new Map<string, Member>()
  /** What became of those that were found; one that is not here is too young. */
  const known = new WeakMap<Namespace, Member | 'excluded'>()
  const others = othersCollector(config.update_every, log)
  const counts = chartWriter(namespacesChart('proc'), PLUGIN, config.update_every)
  let turn = 0
  let last: number | undefined

  const enter = (member: Member, namespace: Namespace): void => {
    members.delete(member.name)
    members.set(member.name, member)
    member.follow(namespace)
    known.set(namespace, member)
    seats.enter(member.name)
  }

  const drop = (namespace: Namespace): void => {
    finder.forget(namespace)
    known.delete(namespace)
  }

  const read = (member: Member, namespace: Namespace): string => {
    const own = seats.placeOf(member.name) === 'own'
    if (!own && (turn + namespace.inode) % SUM_TICKS !== 0) return ''
    const now = milliseconds()
    let text = ''
    if (own) text = member.collect(now)
    else member.read()
    const rise = member.takeRise()
    if (!own) others.add(rise)
    seats.count(member.name, (rise.OutRsts ?? 0n) + (rise.AttemptFails ?? 0n) + (rise.EstabResets ?? 0n))
    if (namespace.processes.length === 0) {
      drop(namespace)
      member.follow(undefined)
      seats.leave(member.name, now)
    }
    return text
  }

  /** Takes charts down, and what need not be remembered any more. */
  const settle = (now: number): string => {
    let text = ''
    for (const name of seats.settle(now)) text += members.get(name)?.retire() ?? ''
    const forgotten = [...members.values()].filter(({ name }) => seats.placeOf(name) === undefined)
    for (const { name } of forgotten.slice(0, -REMEMBERED)) members.delete(name)
    return text
  }

  const checkUnread = (): void => {
    for (const namespace of finder.found.values()) {
      const isRead = typeof known.get(namespace) === 'object'
      if (!isRead && (turn + namespace.inode) % CHECK_TICKS === 0 && !finder.alive(namespace)) drop(namespace)
    }
  }

  const summarize = (now: number): string => {
    const numbers = { own_chart: 0, summed: 0, excluded: 0, new: 0 }
    for (const namespace of finder.found.values()) {
      const what = known.get(namespace)
      if (what === undefined) numbers.new++
      else if (what === 'excluded') numbers.excluded++
      else if (seats.placeOf(what.name) === 'own') numbers.own_chart++
      else numbers.summed++
    }
    // On a machine without containers there is nothing to tell, until there was one.
    if (finder.found.size > 0) anyFound = true
    const values = Object.entries(numbers).map(([name, number]) => [name, BigInt(number)])
    return others.collect(numbers.summed, now) + (anyFound ? counts(Object.fromEntries(values), now) : '')
  }
  let anyFound = false

  /** Names a namespace that has lasted, or whose name was there before and is free again. */
  const admit = (namespace: Namespace, age: number): void => {
    if (age < MIN_AGE_RETURNING || !finder.alive(namespace)) return
    const owner = readOwner(root, namespace.processes[0]?.pid ?? 0)
    if (owner === undefined) return
    const isTaken = (name: string): boolean => members.get(name)?.namespace !== undefined
    const wanted = wantedName(owner.name)
    if (age < MIN_AGE && (!members.has(wanted) || isTaken(wanted))) return
    const name = uniqueName(wanted, namespace.inode, isTaken)
    if (!isIncluded(name) || isExcluded(name)) known.set(namespace, 'excluded')
    else enter(members.get(name) ?? newMember(proc, name, owner, config.update_every, log), namespace)
  }

  /** The oldest first: of two that want the same name it is that one that gets it, also after a restart. */
  const newcomers = (): Namespace[] =>
    [...finder.found.values()]
      .filter(namespace => !known.has(namespace))
      .sort((a, b) => a.since - b.since || a.inode - b.inode)

  return {
    *collect() {
      const now = milliseconds()
      if (last !== undefined && finder.complete && !anyFound && now - last < SEARCH_EVERY) return
      const seconds = last === undefined ? config.update_every : (now - last) / 1000
      last = now
      turn++
      // First, so that a process that takes over from another is known before the other one is missed.
      for (const _ of finder.lookAtNew()) yield ''
      for (const member of [...members.values()]) {
        if (member.namespace !== undefined) yield read(member, member.namespace)
      }
      yield settle(milliseconds())
      checkUnread()
      yield summarize(milliseconds())

      try {
        for (const _ of finder.walkOn(seconds)) yield ''
        log.fault('network namespaces', finder.fault)
        const young = finder.complete ? newcomers() : []
        if (young.length === 0) return
        const upFor = uptime(proc)
        for (const namespace of young) {
          admit(namespace, upFor - namespace.since)
          yield ''
        }
      } catch (error) {
        log.fault('network namespaces', messageOf(error))
      }
    },
  }
}
