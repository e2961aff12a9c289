import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { isAbsolute, normalize } from 'node:path'
import { asOwnerOf, kindOf } from './whose'

/** A file to be put somewhere. */
export interface Placement {
  readonly path: string
  /** Its content, or the target of a symbolic link. */
  readonly content: Buffer | { readonly link: string }
  readonly mode: number
  /** Whose it is; absent for whoever installs. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** What tells whether a file is still as we put it: its hash, or the target of a link. */
export function fingerprint(content: Placement['content']): string {
  return Buffer.isBuffer(content)
    ? `sha256:${createHash('sha256').update(content).digest('hex')}`
    : `link:${content.link}`
}

/** The same of what is at a path; undefined where nothing is. */
export function fingerprintOf(path: string): string | undefined {
  return asOwnerOf(path, () => {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    if (stat.isSymbolicLink()) return fingerprint({ link: readlinkSync(path) })
    return stat.isFile() ? fingerprint(readRegular(path)) : kindOf(stat)
  })
}

/**
 * Reads a file, and nothing else: a link is not followed, and a pipe not waited for.
 *
 * @param owner the only user whose file is taken
 * @throws where it is something else
 */
export function readRegular(path: string, owner?: number): Buffer {
  const file = openUnfollowed(path)
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw new Error(`${path}: expected a file, found ${kindOf(stat)}: remove it`)
    if (owner !== undefined && stat.uid !== owner)
      throw new Error(
        `${path}: it belongs to user ${stat.uid}, and only a file of user ${owner} is read: remove it`,
      )
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

function openUnfollowed(path: string): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (thrown) {
    // Linux, and FreeBSD's word for the same.
    if (!['ELOOP', 'EMLINK'].includes(`${(thrown as NodeJS.ErrnoException).code}`)) throw thrown
    throw new Error(`${path}: expected a file, found a link: remove it`)
  }
}

/** Whether it is a path as we write them down: absolute, and in its plainest form. */
export function isPlainPath(path: unknown): path is string {
  return typeof path === 'string' && isAbsolute(path) && normalize(path) === path && !path.includes('\0')
}
