import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../../plugin/message'
import { isPlainPath, type Placement, readRegular } from './file'
import { asOwnerOf, kindOf } from './whose'

// All files or none, even if the power goes: new files are written beside the old ones, then a journal's word decides
// whether what is half done is taken back or cleared up. Neither Netdata nor anything else reads files of these endings.

const NEW = '.tcp-resets-new'
const OLD = '.tcp-resets-old'

interface Journal {
  /** Until it is committed, all goes back to what was before. */
  readonly committed: boolean
  readonly steps: readonly { readonly path: string; readonly existed: boolean }[]
  /** Made on the way, parents first. */
  readonly made: readonly string[]
}

export interface Change {
  readonly put: readonly Placement[]
  /** Files to be removed; those that are not there are no fault. */
  readonly remove: readonly string[]
}

const journalIn = (state: string): string => join(state, 'journal.json')

/** The directories that would have to be made for these files, parents first. */
export function missingDirectories(paths: readonly string[]): string[] {
  const missing = new Set<string>()
  for (const path of paths) {
    for (let dir = dirname(path); !existsSync(dir); dir = dirname(dir)) missing.add(dir)
  }
  return [...missing].sort()
}

/**
 * Changes files, all of them or none.
 *
 * @param state the directory of the journal
 * @throws what went wrong; by then everything is as it was before, unless it says that the next run takes it back
 */
export function change(state: string, { put, remove }: Change): void {
  const steps = [...put.map(({ path }) => path), ...remove].map(path => ({
    path,
    existed: asOwnerOf(path, () => lstatSync(path, { throwIfNoEntry: false })) !== undefined,
  }))
  const made = missingDirectories([journalIn(state), ...put.map(({ path }) => path)])
  const journal: Journal = { committed: false, steps, made }
  try {
    mkdirSync(state, { recursive: true, mode: 0o755 })
    writeJournal(state, journal)
    for (const dir of made) asOwnerOf(dir, () => existsSync(dir) || mkdirSync(dir, 0o755))
    for (const placement of put) asOwnerOf(placement.path, () => writeBeside(placement))
    for (const { path } of put) {
      asOwnerOf(path, () => {
        keepOld(path)
        renameSync(path + NEW, path)
      })
    }
    for (const path of remove) {
      asOwnerOf(path, () => {
        if (lstatSync(path, { throwIfNoEntry: false })) renameSync(path, path + OLD)
      })
    }
    syncDirectories(steps)
    writeJournal(state, { ...journal, committed: true })
  } catch (thrown) {
    try {
      undo(state, journal)
    } catch (failed) {
      throw new Error(
        `${messageOf(thrown)}. Some files have already been changed; the next run undoes that if it can: ${messageOf(failed)}`,
      )
    }
    throw new Error(`${messageOf(thrown)}. No file was changed`)
  }
  try {
    clearUp(state, journal)
  } catch {
    // All is in place; the next run clears up.
  }
}

/**
 * Finishes what an earlier run was killed in: takes it back, or clears up after it. Needs the lock.
 *
 * @returns what was done, for a person; undefined where there was nothing to do
 */
export function recover(state: string): string | undefined {
  const journal = interrupted(state)
  if (journal === undefined) {
    endJournal(state) // it may have been killed at its very first step
    removeEmpty([state])
    return undefined
  }
  if (journal.committed) clearUp(state, journal)
  else undo(state, journal)
  return journal.committed
    ? 'an earlier run was interrupted when everything was in place; cleaned up after it'
    : 'an earlier run was interrupted halfway; undid what it had done'
}

/**
 * The journal of a run that did not come to its end, or is still at it.
 *
 * @throws where it is not as a run leaves it
 */
export function interrupted(state: string): Journal | undefined {
  const path = journalIn(state)
  let text: string
  try {
    text = readRegular(path, process.geteuid?.() === 0 ? 0 : undefined).toString()
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
  const journal = parseJournal(text)
  if (journal === undefined)
    throw new Error(`${path}: it is damaged: remove it, then, as root: tcp-resets install`)
  return journal
}

/** @returns undefined where it is not what a run writes */
export function parseJournal(text: string): Journal | undefined {
  let found: Partial<Record<keyof Journal, unknown>> | null
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  const { committed, steps, made } = found ?? {}
  const isWhole =
    typeof committed === 'boolean' &&
    Array.isArray(made) &&
    made.every(isPlainPath) &&
    Array.isArray(steps) &&
    steps.every(step => isPlainPath(step?.path) && typeof step.existed === 'boolean')
  return isWhole ? { committed, steps, made } : undefined
}

function writeJournal(state: string, journal: Journal): void {
  const path = journalIn(state)
  writeBeside({ path, content: Buffer.from(JSON.stringify(journal)), mode: 0o644 })
  renameSync(path + NEW, path)
  syncDirectory(state)
}

/** So that a power cut does not take the new names back. */
function syncDirectories(steps: Journal['steps']): void {
  for (const dir of new Set(steps.map(({ path }) => dirname(path))))
    asOwnerOf(join(dir, 'any'), () => existsSync(dir) && syncDirectory(dir))
}

function syncDirectory(path: string): void {
  const dir = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    fsyncSync(dir)
  } finally {
    closeSync(dir)
  }
}

function writeBeside({ path, content, mode, owner }: Placement): void {
  rmSync(path + NEW, { force: true })
  if (!Buffer.isBuffer(content)) {
    symlinkSync(content.link, path + NEW)
    return
  }
  const file = openSync(path + NEW, 'wx', 0o600)
  try {
    writeFileSync(file, content)
    // By the descriptor: the name may be another file's by now. As the directory's owner it can only be that one's.
    if (owner && process.geteuid?.() === 0) fchownSync(file, owner.uid, owner.gid)
    fchmodSync(file, mode)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A second name for what is there, so that there is no moment without a file. A link has to be moved instead. */
function keepOld(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isFile() && !stat.isSymbolicLink())
    throw new Error(`${path}: expected a file, found ${kindOf(stat)}: remove it`)
  rmSync(path + OLD, { force: true })
  // Nor may a user give another name to a file of root's: proc(5), fs.protected_hardlinks.
  if (stat.isFile() && (process.geteuid?.() === 0 || process.geteuid?.() === stat.uid))
    linkSync(path, path + OLD)
  else renameSync(path, path + OLD)
}

function undo(state: string, { steps, made }: Journal): void {
  for (const { path, existed } of steps) {
    asOwnerOf(path, () => {
      rmSync(path + NEW, { force: true })
      if (!existed) rmSync(path, { force: true })
      else if (lstatSync(path + OLD, { throwIfNoEntry: false })) {
        renameSync(path + OLD, path)
        rmSync(path + OLD, { force: true }) // two names of one file: the renaming did nothing
      }
    })
  }
  endJournal(state)
  removeEmpty(made)
}

function clearUp(state: string, { steps }: Journal): void {
  for (const { path } of steps) asOwnerOf(path, () => rmSync(path + OLD, { force: true }))
  endJournal(state)
}

function endJournal(state: string): void {
  rmSync(journalIn(state) + NEW, { force: true })
  rmSync(journalIn(state), { force: true })
}

/** Removes those of the directories that are empty, the deepest first. */
export function removeEmpty(directories: readonly string[]): void {
  for (const dir of [...directories].reverse()) {
    try {
      asOwnerOf(dir, () => rmdirSync(dir))
    } catch {
      // Somebody else has put something there, or it was never made.
    }
  }
}
