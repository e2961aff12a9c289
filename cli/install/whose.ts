import { lstatSync, realpathSync, type Stats } from 'node:fs'
import { dirname, join, sep } from 'node:path'

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

/** Whether nobody but root can change a file, or what its path means. */
export function isRootsAlone(path: string): boolean {
  try {
    const { uid, mode } = lstatSync(path)
    return uid === 0 && (mode & 0o022) === 0 && ownerOfWay(path) === undefined
  } catch {
    return false
  }
}

/** @returns undefined where all of the way is root's */
function ownerOfWay(path: string): Owner | undefined {
  const dir = realDirectory(dirname(path))
  let owner: Owner | undefined
  let at = ''
  for (const name of ['', ...dir.split(sep).filter(Boolean)]) {
    at = join(at || sep, name)
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (stat === undefined) break // it will be made by us
    if (!stat.isDirectory()) throw new Error(`${at}: expected a directory, found ${kindOf(stat)}: remove it`)
    if (canOthersWrite(stat))
      throw new Error(
        `${at}: others may write there, and could change what root puts below it: chmod go-w ${at}`,
      )
    if (stat.uid !== 0) {
      if (owner && owner.uid !== stat.uid)
        throw new Error(`${at}: its owner is another than that of the directory above it`)
      owner ??= { uid: stat.uid, gid: stat.gid }
    }
  }
  return owner
}

/** By everybody, or by a group other than root's or its owner's own. */
function canOthersWrite({ mode, uid, gid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && uid === 0)
}

/** Root's own links on the way are followed (`/usr/lib64`); those of others are not. */
function realDirectory(dir: string): string {
  let at: string = sep
  for (const name of dir.split(sep).filter(Boolean)) {
    const next = join(at, name)
    const stat = lstatSync(next, { throwIfNoEntry: false })
    if (stat?.isSymbolicLink()) {
      if (stat.uid !== 0)
        throw new Error(`${next}: a link of user ${stat.uid}, and root follows none: remove it`)
      at = realpathSync(next)
    } else at = next
  }
  return at
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
