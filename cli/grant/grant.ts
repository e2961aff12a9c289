import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../plugin/message'
import { DIRECTIONS, type Direction } from '../../plugin/tracing/event'
import { PROBES } from '../../plugin/tracing/probes'
import { TRACEPOINTS } from '../../plugin/tracing/told'
import { lock } from '../install/lock'
import { UsageError } from '../usage-error'
import { agentsGroup } from './agents-group'
import { readBtf } from './btf'
import { type Definition, definitions } from './definitions'
import { defineEvents, eventsOf, isOn, removeEvents, switchOn } from './events'
import { makeInstance, permit, removeInstances } from './instances'
import { selfTest } from './self-test'
import { isLockedDown, isMounted, reachTracefs, refuseLockdown, run } from './tracefs'

const BTF = '/sys/kernel/btf/vmlinux'
const PROBED = DIRECTIONS.flatMap(direction => PROBES[direction].map(event => [direction, event] as const))
/** The dynamic events were tried on these; their pointers and byte order are as the definitions take them. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64']

/** Who may read what, and where: the same variables as those of packaging/tcp-resets-grant. */
export interface GrantOptions {
  /** A group, by name or number; undefined for that of the agent. */
  readonly group: string | undefined
  /** Where it is shown: `sent/` and `received/` below. */
  readonly dir: string
  /** The instances' name in tracefs, and that of the group of dynamic events. */
  readonly name: string
}

export function grantOptions(env: NodeJS.ProcessEnv): GrantOptions {
  const options = {
    group: env.TCP_RESETS_GROUP || undefined,
    dir: env.TCP_RESETS_DIR || '/run/netdata-tcp-resets',
    name: env.TCP_RESETS_INSTANCE || 'netdata_tcp_resets',
  }
  // What the kernel takes as the name of a group of events.
  if (!/^[a-zA-Z_]\w{0,60}$/.test(options.name))
    throw new UsageError(
      `TCP_RESETS_INSTANCE: expected letters, digits and _, found ${JSON.stringify(options.name)}`,
    )
  return options
}

/**
 * Lets a group read which TCP resets the kernel sends and receives: every one, and of which network namespace, by dynamic
 * events; or where they can't be had, those of the kernel's own two tracepoints. Given a second time it changes nothing.
 *
 * @param command what runs `actOut` of the self-test in a process of its own
 * @param tracepointsOnly leaves the dynamic events out
 * @param say gets a line for the person
 * @throws where nothing could be granted
 */
export async function grant(
  options: GrantOptions,
  command: readonly string[],
  tracepointsOnly: boolean,
  say: (line: string) => void,
): Promise<void> {
  refuseLockdown()
  const gid = numberOf(options.group ?? agentsGroup())
  await withTracefs(options, async place => {
    const had = grantedAt(place)
    if (had === 'events' && !tracepointsOnly) {
      show(place, gid, definedEvents())
      return
    }
    if (had !== 'tracepoints') await takeBack(place)
    const events = tracepointsOnly ? undefined : await triedEvents(place, command, say)
    if (events === undefined) return show(place, gid, undefined)
    try {
      await removeInstances(unshown(place))
      show(place, gid, events)
    } catch (thrown) {
      say(`${TRACEPOINTS_ONLY}: ${messageOf(thrown)}`)
      await takeBack(place)
      show(place, gid, undefined)
    }
  })
}

/** Takes all of it back. */
export async function revoke(options: GrantOptions): Promise<void> {
  // It may have been locked down after the grant, and then there is something to take back.
  if (isLockedDown() && !existsSync(options.dir)) return
  await withTracefs(options, takeBack)
}

const TRACEPOINTS_ONLY = 'only what the tracepoints see'

/** Where things are. */
interface Place {
  readonly tracefs: string
  readonly dir: string
  readonly name: string
}

async function withTracefs({ dir, name }: GrantOptions, act: (place: Place) => Promise<void>): Promise<void> {
  const held = lock(dir)
  try {
    // The kernel tells of mounts by the plainest of all the paths that lead there.
    const plain = realpathSync(dir)
    const tracefs = reachTracefs(plain)
    try {
      await act({ tracefs: tracefs.path, dir: plain, name })
    } finally {
      tracefs.leave()
    }
  } finally {
    held.release()
  }
}

const instanceOf = ({ tracefs, name }: Place, direction: Direction): string =>
  join(tracefs, 'instances', `${name}_${direction}`)

/** What is granted, as a whole. What somebody was killed at is neither. */
function grantedAt(place: Place): 'events' | 'tracepoints' | undefined {
  const { tracefs, name } = place
  const isOnIn = (direction: Direction, event: string): boolean =>
    isOn(join(instanceOf(place, direction), 'events', event))
  const all = PROBED.map(([direction, event]) => isOnIn(direction, join(name, event)))
  if (all.every(Boolean)) return 'events'
  const none = eventsOf(tracefs, name).length === 0
  return none && DIRECTIONS.every(direction => isOnIn(direction, join('tcp', TRACEPOINTS[direction])))
    ? 'tracepoints'
    : undefined
}

/** Defines the events and tries them; undefined where that is not possible, and nothing of it is left. */
async function triedEvents(
  { tracefs, name }: Place,
  command: readonly string[],
  say: (line: string) => void,
): Promise<readonly Definition[] | undefined> {
  try {
    const events = definedEvents()
    defineEvents(tracefs, name, events)
    try {
      await selfTest(join(tracefs, 'instances', `${name}_test`), name, events, command)
      return events
    } catch (thrown) {
      removeEvents(tracefs, name)
      throw new Error(`the self-test failed: ${messageOf(thrown)}`)
    }
  } catch (thrown) {
    say(`${TRACEPOINTS_ONLY}: ${messageOf(thrown)}`)
    return undefined
  }
}

/** @throws where this kernel has not what they need */
function definedEvents(): readonly Definition[] {
  if (!ARCHITECTURES.includes(process.arch)) throw new Error(`they were never tried on ${process.arch}`)
  if (!existsSync(BTF)) throw new Error(`this kernel does not describe its structures (no ${BTF})`)
  return definitions(readBtf(readFileSync(BTF)))
}

/** Makes the instances, as far as they are not there, and shows them to the group. */
function show(place: Place, gid: number, events: readonly Definition[] | undefined): void {
  const { tracefs, dir, name } = place
  for (const direction of DIRECTIONS) {
    const instance = instanceOf(place, direction)
    const own = events?.filter(event => event.direction === direction)
    const tracepoint = join('events', 'tcp', TRACEPOINTS[direction])
    if (!existsSync(join(tracefs, tracepoint)))
      throw new Error(`this kernel has no event tcp/${TRACEPOINTS[direction]}`)
    makeInstance(instance)
    permit(instance, gid, [
      join(tracepoint, 'format'),
      ...(own ?? []).flatMap(event => readableFiles(instance, name, event)),
    ])
    if (own === undefined) writeFileSync(join(instance, tracepoint, 'enable'), '1')
    else switchOn(instance, name, own)
    const shown = join(dir, direction)
    mkdirSync(shown, { recursive: true, mode: 0o755 })
    if (!isMounted(shown)) run('mount', '--bind', instance, shown)
  }
}

/** Whether an event is on, what it looks like, and how often it happened in each namespace. */
function readableFiles(instance: string, group: string, { name }: Definition): string[] {
  return ['enable', 'format', 'hist']
    .map(file => join('events', group, name, file))
    .filter(file => existsSync(join(instance, file)))
}

/** Shows the instances to nobody any more. */
function unshown(place: Place): string[] {
  return DIRECTIONS.map(direction => {
    const shown = join(place.dir, direction)
    while (isMounted(shown)) run('umount', '-l', shown)
    if (existsSync(shown)) rmdirSync(shown)
    return instanceOf(place, direction)
  })
}

async function takeBack(place: Place): Promise<void> {
  await removeInstances([...unshown(place), join(place.tracefs, 'instances', `${place.name}_test`)])
  removeEvents(place.tracefs, place.name)
}

/** @throws where there is no such group */
function numberOf(group: string): number {
  if (/^\d+$/.test(group)) return Number(group)
  const { stdout } = spawnSync('getent', ['group', group], { encoding: 'utf8' })
  const number = stdout?.split(':')[2]
  if (number === undefined) throw new Error(`there is no group ${group}`)
  return Number(number)
}
