import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, isAbsolute, join, sep } from 'node:path'
import { findUser } from '../agent/user'

// Root follows no path that another user can rename. What belongs into a directory of another user, as Netdata's own
// installer makes the web directory, is read and written with that user's rights, so that a link planted there leads to
// nothing that its owner could not have had without us.

/** Whose directories a path leads through, other than root's. */
interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * Does something at a path, as whoever owns the directory that it is in.
 *
 * @param path absolute; that directory, or some above it, need not be there yet
 * @throws where others could change what the path means
 */
export function asOwnerOf<T>(path: string, act: () => T): T {
  if (process.geteuid?.() !== 0) return act()
  const owner = ownerOfWay(path)
  return owner === undefined ? act() : as(owner, act)
}

/** @throws where anybody but root could change what a path means */
export function refuseOthers(path: string): void {
  if (process.geteuid?.() !== 0) return
  const owner = ownerOfWay(path)
  if (owner)
    throw new Error(`${path}: leads through a directory of user ${owner.uid}: make it root's, then try again`)
}

/** Whether nobody but root can change a file, or what its path means. Links to it count as part of the way. */
export function isRootsAlone(path: string): boolean {
  try {
    const { owner, end } = walk(path)
    return owner === undefined && end?.isFile() === true && end.uid === 0 && (end.mode & 0o022) === 0
  } catch {
    return false
  }
}

/** @returns undefined where all of the way is root's */
function ownerOfWay(path: string): Owner | undefined {
  const { owner, at, end } = walk(dirname(path))
  if (end !== undefined && !end.isDirectory())
    throw new Error(`${at}: expected a directory, found ${kindOf(end)}: remove it`)
  return owner
}

/** What the kernel would come by on a path. */
interface Way {
  readonly owner?: Owner
  /** Where it ends, without links. */
  readonly at: string
  /** Absent where the end is not there yet. */
  readonly end?: Stats
}

/** As many links as Linux follows: path_resolution(7). */
const MOST_LINKS = 40

/** Goes a way link by link: a link of root's may lead to one of somebody else's, which may lead anywhere tomorrow. */
function walk(path: string): Way {
  const names = path.split(sep)
  let owner: Owner | undefined
  let at = ''
  let end: Stats | undefined
  for (let links = 0; names.length > 0; ) {
    const next = join(at || sep, names.shift() ?? '')
    end = lstatSync(next, { throwIfNoEntry: false })
    if (end === undefined) break // it will be made by us
    if (end.isSymbolicLink()) {
      if (end.uid !== 0)
        throw new Error(`${next}: a link of user ${end.uid}, and root follows none: remove it`)
      if (++links > MOST_LINKS) throw new Error(`${next}: too many links`)
      const target = readlinkSync(next)
      if (isAbsolute(target)) at = ''
      names.unshift(...target.split(sep))
      continue
    }
    at = next
    if (!end.isDirectory()) {
      if (names.some(Boolean)) throw new Error(`${at}: expected a directory, found ${kindOf(end)}: remove it`)
      break
    }
    if (canOthersWrite(end) && !(isShared(end) && isThere(at, names)))
      throw new Error(
        `${at}: others may write there, and could change what root puts below it: ${isShared(end) ? 'take a directory of root’s' : `chmod go-w ${at}`}`,
      )
    if (end.uid !== 0) {
      if (owner && owner.uid !== end.uid)
        throw new Error(`${at}: its owner is not that of the directory above it`)
      owner ??= asOwner(end)
    }
  }
  return { at, ...(owner && { owner }), ...(end && { end }) }
}

/** By everybody; or in root's, by a group: an access list for one user shows as rights of root's group. */
function canOthersWrite({ mode, uid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && uid === 0)
}

/** Like /tmp: what is there can only be moved away by its owner and root, but anybody can make what is not there yet. */
const isShared = ({ mode, uid }: Stats): boolean => uid === 0 && (mode & 0o1000) !== 0

function isThere(dir: string, names: readonly string[]): boolean {
  const next = names.find(Boolean)
  return next !== undefined && lstatSync(join(dir, next), { throwIfNoEntry: false }) !== undefined
}

const groups = new Map<number, number>()

/** With the group that the user logs in with: the directory's may be one that the user is not in, root's even. */
function asOwner({ uid, gid }: Stats): Owner {
  const own = groups.get(uid) ?? findUser(`${uid}`)?.gid ?? (gid || uid)
  groups.set(uid, own)
  return { uid, gid: own }
}

/** A word for a person. */
export function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a directory'
  if (stat.isSymbolicLink()) return 'a link'
  if (stat.isFIFO()) return 'a pipe'
  return stat.isFile() ? 'a file' : 'something else'
}

/** The rights of this process become that user's, groups included, and root's again after it. */
function as<T>({ uid, gid }: Owner, act: () => T): T {
  const groups = process.getgroups?.() ?? []
  process.setgroups?.([gid])
  process.setegid?.(gid)
  process.seteuid?.(uid)
  try {
    return act()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
    process.setgroups?.(groups)
  }
}
