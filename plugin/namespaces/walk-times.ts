import { readlinkSync } from 'node:fs'
import { readAll, readOnce } from '../sources/kept-file'
import { netnsMounts } from './mounts'

/** Seconds between two walks where there may be something to find. */
const EVERY = 40
/** The same where that is very unlikely. */
const AT_LEAST_EVERY = 600

/** Whether there can be network namespaces that no process was in so far. Undefined is what is not known. */
export interface Signs {
  /** Another text after each new network namespace. */
  readonly made: string | undefined
  /** Whether there is one that a mount keeps without a process. */
  readonly kept: boolean | undefined
}

/**
 * When to walk over all processes once more, for an old one that moved to a namespace which no other process is in. With a
 * thousand processes such a walk costs more than all else, and a machine without containers need not do it: there is nowhere
 * to go unless a namespace was made lately, or something keeps one. What keeps one can be out of sight (an open
 * descriptor, a mount elsewhere), so there is a walk every ten minutes in any case.
 *
 * @param read reads the signs as they are now
 * @returns whether it is time, so many seconds after it was asked before
 */
export function walkTimes(read: () => Signs): (seconds: number) => boolean {
  let sinceAsked = 0
  let sinceWalk = 0
  let { made: before } = read()
  let beforeThat = before
  return seconds => {
    sinceAsked += seconds
    sinceWalk += seconds
    if (sinceAsked < EVERY) return false
    sinceAsked = 0
    const { made, kept } = read()
    // Twice after each change: the walk may have come between the making of the namespace and the move.
    const isQuiet = made !== undefined && made === before && made === beforeThat && kept === false
    beforeThat = before
    before = made
    if (isQuiet && sinceWalk < AT_LEAST_EVERY) return false
    sinceWalk = 0
    return true
  }
}

/**
 * Each new network namespace has a loopback device. The kernel tells of each new device with a uevent and counts these, for
 * all namespaces together (kernel: lib/kobject_uevent.c).
 *
 * @param root where the host's root is mounted, `''` for `/`
 */
export function readSigns(root: string): Signs {
  try {
    const made = readOnce('/sys/kernel/uevent_seqnum')
    // In a container the mounts of the host can't be seen.
    if (root !== '') return { made, kept: undefined }
    const ownLink = readlinkSync('/proc/self/ns/net')
    return { made, kept: netnsMounts(readAll('/proc/self/mountinfo')).some(link => link !== ownLink) }
  } catch {
    return { made: undefined, kept: undefined }
  }
}
