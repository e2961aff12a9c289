import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'

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
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  return fingerprint(stat.isSymbolicLink() ? { link: readlinkSync(path) } : readFileSync(path))
}
