import type { Counted } from '../analysis/received'
import { NEWBORN } from '../analysis/usual'
import { namespacesChart } from '../charts/namespaces'
import { PLUGIN } from '../charts/resets'
import type { Config } from '../config/config'
import type { Log } from '../log'
import { messageOf } from '../message'
import { chartWriter } from '../netdata/chart'
import type { Silence } from '../recording/burst'
import { isProcfs } from '../sources/kept-file'
import type { UsualMemory } from '../usual-memory'
import { admission } from './admit'
import { type Namespace, namespaceFinder } from './find'
import { type Member, newMember, suffixOf } from './member'
import { newMembers } from './members'
import { OTHERS, othersCollector } from './others'
import { netIdentity, uptime } from './processes'
import { raisedCollector } from './raised'
import { memberReader } from './reader'
import { roster } from './roster'
import { searchTimes } from './search-times'
import { simplePattern } from './simple-pattern'
import { readSigns, walkTimes } from './walk-times'

const FAULT = 'network namespaces'

/** Milliseconds in which the first traffic of a namespace is noticed: it may be a burst. */
const SILENT_EVERY = 5000

export interface NamespacesCollector {
  /** One collection in many short steps, each with whole charts of protocol text, often none. */
  collect(): Generator<string>
  /** Whether there is anything to do at this tick. On a machine without containers there seldom is. */
  isDue(now: number): boolean
  /** Text that takes all of its charts off the dashboard. */
  retire(): string
  /** The name that the charts of a namespace have, by the inode of its `net/stat`; undefined for one without charts. */
  nameOf(statInode: number): string | undefined
  /** Whether there may be any: there are, or not all processes were looked at yet. */
  mayHaveSome(): boolean
}

/** What became of a namespace that was found. One without TCP traffic is nothing at all. */
type Standing = Member | 'excluded' | 'new'

/**
 * The charts of all network namespaces but the plugin's own.
 *
 * @param root where the host's root is mounted, `''` for `/`
 * @param milliseconds a monotonic clock
 * @param countReceived what is counted of the resets that a namespace receives, by the inode of its `net/stat`
 * @returns undefined where there are none to be found: switched off, no procfs, or one that does not tell them apart
 */
export function namespacesCollector(
  root: string,
  config: Pick<Config, 'update_every' | 'namespaces'>,
  milliseconds: () => number,
  usual: UsualMemory,
  log: Log,
  countReceived?: (statInode: number) => Counted | undefined,
): NamespacesCollector | undefined {
  const proc = `${root}/proc`
  if (!config.namespaces.enabled || !isProcfs(proc)) return undefined
  if (netIdentity(proc, 'self') === undefined) {
    // In gVisor's own /proc each process has files of its own.
    log.fault(
      FAULT,
      `${proc}/self/net/netlink does not tell one namespace from another; only the plugin's own is measured`,
    )
    return undefined
  }

  const walkIsDue = walkTimes(() => readSigns(root))
  const finder = namespaceFinder(proc, walkIsDue)
  const seats = roster(config.namespaces.max)
  const members = newMembers()
  const decide = admission(root, config.namespaces, members)
  const rings = simplePattern(config.namespaces.ring)
  const others = othersCollector(usual.follower(OTHERS), config.update_every, log)
  const raised = raisedCollector(config.update_every)
  const read = memberReader(seats, others)
  const counts = chartWriter(namespacesChart('proc'), PLUGIN, config.update_every)
  const times = searchTimes(config.update_every)
  const standings = new Map<Namespace, Standing>()
  let turn = 0
  let anyFound = false
  let judgedAt = Number.NEGATIVE_INFINITY
  /** Ticks are never on time to the millisecond. */
  const silentAreDue = (now: number): boolean =>
    finder.found.size > 0 && now - judgedAt >= SILENT_EVERY - config.update_every * 500

  const drop = (namespace: Namespace): void => {
    finder.forget(namespace)
    standings.delete(namespace)
  }

  /** Reads all members, and takes leave of those whose last process has ended. */
  function* readMembers(): Generator<string> {
    const lost: Member[] = []
    for (const member of members.present()) {
      yield read(member, turn, milliseconds())
      if (member.namespace?.processes.length === 0) lost.push(member)
    }
    if (lost.length === 0) return
    // Another process may have taken over. One search for all of them, before they are called gone.
    const namespaces = lost.flatMap(({ namespace }) => namespace ?? [])
    for (const _ of finder.seek(namespaces)) yield ''
    for (const member of lost) {
      if (member.namespace !== undefined && finder.alive(member.namespace)) {
        yield read(member, turn, milliseconds())
      } else {
        if (member.namespace !== undefined) drop(member.namespace)
        member.leave()
        seats.leave(member.name, milliseconds())
        times.missing(milliseconds())
      }
    }
  }

  /** Takes charts down, and what need not be remembered any more. */
  const settle = (now: number): string => {
    let text = ''
    for (const name of seats.settle(now)) text += members.get(name)?.retire() ?? ''
    members.trim(name => seats.placeOf(name) !== undefined)
    return text
  }

  const isSeated = ({ name }: Member): boolean => seats.placeOf(name) === 'own'

  const summarize = (now: number): string => {
    const numbers = { own_chart: 0, summed: 0, excluded: 0, new: 0 }
    for (const standing of standings.values()) {
      if (typeof standing === 'string') numbers[standing]++
      else if (isSeated(standing)) numbers.own_chart++
      else numbers.summed++
    }
    const values = {
      own_chart: BigInt(numbers.own_chart),
      summed: BigInt(numbers.summed),
      excluded: BigInt(numbers.excluded),
      new: BigInt(numbers.new),
    }
    const text = others.collect(numbers.summed, now) + counts(values, now)
    const judged = members.present().flatMap(member => (isSeated(member) && member.judged) || [])
    return text + raised.collect(others.judged ? [...judged, others.judged] : judged, now)
  }

  const memberOf = (name: string, isNew: boolean, silence: Silence | undefined): Member => {
    const follower = usual.follower(suffixOf(name), isNew ? NEWBORN : undefined)
    return newMember(
      proc,
      name,
      { isNew, silence, rings: rings(name) },
      follower,
      config.update_every,
      log,
      countReceived,
    )
  }

  /** Gives a namespace the standing that it deserves by now. */
  const admit = (namespace: Namespace, age: number): string => {
    const decision = decide(namespace, age, milliseconds())
    if (decision.is === 'ended') drop(namespace)
    else if (decision.is === 'new' || decision.is === 'excluded') standings.set(namespace, decision.is)
    else if (decision.is === 'named') {
      const { name, owner, back, isNew, silence } = decision
      const member = back ?? memberOf(name, isNew, silence)
      member.follow(namespace, owner)
      members.add(member)
      seats.enter(name)
      standings.set(namespace, member)
      return read(member, turn, milliseconds())
    }
    return ''
  }

  function* search(seconds: number): Generator<string> {
    for (const _ of finder.search(seconds)) yield ''
    log.fault(FAULT, finder.fault)
    for (const [namespace, standing] of standings)
      if (typeof standing === 'string' && !finder.alive(namespace)) drop(namespace)
    yield* judgeCandidates()
  }

  function* judgeCandidates(): Generator<string> {
    judgedAt = milliseconds()
    // The oldest first: of two that want the same name it is that one that gets it, also after a restart.
    const candidates = [...finder.found.values()]
      .filter(namespace => (standings.get(namespace) ?? 'new') === 'new')
      .sort((a, b) => a.since - b.since || a.inode - b.inode)
    if (candidates.length === 0) return
    const upFor = uptime(proc)
    for (const namespace of candidates) yield admit(namespace, upFor - namespace.since)
  }

  return {
    *collect() {
      turn++
      const seconds = times.due(milliseconds(), anyFound)
      if (seconds !== undefined) times.begin(milliseconds())
      if (anyFound) {
        yield* readMembers()
        yield settle(milliseconds())
      }
      try {
        if (seconds !== undefined) yield* search(seconds)
        else {
          for (const _ of finder.lookAgain()) yield ''
          if (silentAreDue(milliseconds())) yield* judgeCandidates()
        }
      } catch (error) {
        log.fault(FAULT, messageOf(error))
      }
      // On a machine without containers there is nothing to tell, until there was one.
      anyFound ||= standings.size > 0
      if (anyFound) yield summarize(milliseconds())
    },
    isDue: now => anyFound || finder.hasNew || times.due(now, anyFound) !== undefined || silentAreDue(now),
    retire: () => [...members.all(), others, raised, counts].map(charts => charts.retire()).join(''),
    mayHaveSome: () => !finder.isComplete || finder.fault !== undefined || finder.found.size > 0,
    nameOf: inode => members.present().find(({ statInode }) => statInode === inode)?.name,
  }
}
