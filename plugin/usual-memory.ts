import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Learnt, LONG, SETTLED, type Usual, type UsualFollower, usualFollower } from './analysis/usual'
import type { Log } from './log'
import { messageOf } from './message'

/** What the namespace of the plugin itself is remembered by. */
export const OWN_KEY = ''

/** In the agent's cache directory. */
export const USUAL_FILE = 'tcp_resets.usual.json'

/** The file is of this version, or forgotten. */
const VERSION = 1
/** Namespaces that are remembered, the latest ones. */
const MOST = 500
/** Bytes. Longer than so many names and numbers can be. */
const LONGEST = 200_000
const SAVE_EVERY = 5 * 60_000

/** What is usual in each network namespace, over the plugin's end and the agent's. */
export interface UsualMemory {
  /**
   * A follower that goes on where the last one under this key stopped.
   *
   * @param key the same for the same namespace, also after a restart
   * @param unknown what a namespace begins with that is not remembered
   */
  follower(key: string, unknown?: Usual): UsualFollower
  /** Writes it down now and then. @param now monotonic milliseconds */
  tick(now: number): void
  /** Writes it down at once. */
  save(): void
  /** Removes what was written. */
  forget(): void
}

/**
 * @param dir where the file is, the agent's cache; undefined where there is none, and nothing is remembered
 */
export function usualMemory(dir: string | undefined, log: Log): UsualMemory {
  const path = dir && join(dir, USUAL_FILE)
  const temporary = `${path}.tmp`
  const known = path ? load(path, log) : new Map<string, Usual>()
  const followers = new Map<string, UsualFollower>()
  let saved: number | undefined
  let writing = false

  const text = (): string => {
    for (const [key, { learnt }] of followers) {
      known.delete(key)
      known.set(key, learnt)
    }
    // Last, so that it is never one of those that are left out.
    const ownUsual = known.get(OWN_KEY)
    known.delete(OWN_KEY)
    if (ownUsual !== undefined) known.set(OWN_KEY, ownUsual)
    return `${JSON.stringify({ version: VERSION, usual: Object.fromEntries([...known].slice(-MOST)) })}\n`
  }
  const told = (thrown?: unknown): void =>
    log.fault('what is usual', thrown === undefined ? undefined : `not saved: ${messageOf(thrown)}`)

  return {
    follower(key, unknown) {
      const follower = usualFollower(followers.get(key)?.learnt ?? known.get(key) ?? unknown)
      followers.delete(key)
      followers.set(key, follower)
      const oldest = followers.size > MOST ? [...followers.keys()].find(key => key !== OWN_KEY) : undefined
      if (oldest !== undefined) followers.delete(oldest)
      return follower
    },
    tick(now) {
      saved ??= now
      if (!path || writing || now - saved < SAVE_EVERY) return
      saved = now
      writing = true
      // Not in the way of anything: a disk can be slow.
      writeFile(temporary, text(), { mode: 0o640 })
        .then(() => rename(temporary, path))
        .then(() => told(), told)
        .finally(() => {
          writing = false
        })
    },
    save() {
      if (!path) return
      try {
        writeFileSync(temporary, text(), { mode: 0o640 })
        renameSync(temporary, path)
      } catch (thrown) {
        told(thrown)
      }
    },
    forget() {
      for (const file of path ? [path, temporary] : []) rmSync(file, { force: true })
    },
  }
}

function load(path: string, log: Log): Map<string, Usual> {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return new Map()
    const usual = stat.isFile() && stat.size <= LONGEST ? parseUsual(readFileSync(path, 'utf8')) : undefined
    if (usual !== undefined) return usual
    log.warning(`${path}: not written by this version; what is usual is learnt again`)
  } catch (thrown) {
    log.warning(`${messageOf(thrown)}; what is usual is learnt again`)
  }
  return new Map()
}

/** @returns undefined where the text is not as it is written here */
export function parseUsual(text: string): Map<string, Usual> | undefined {
  let found: { version?: unknown; usual?: unknown } | null
  try {
    found = JSON.parse(text)
  } catch {
    return undefined
  }
  if (found?.version !== VERSION || typeof found.usual !== 'object' || found.usual === null) return undefined
  const entries = Object.entries(found.usual as Record<string, Partial<Record<keyof Usual, unknown>> | null>)
  const isWhole = entries.every(([, one]) => isLearnt(one?.sent) && isLearnt(one?.received))
  return isWhole && entries.length <= MOST ? new Map(entries as [string, Usual][]) : undefined
}

function isLearnt(value: unknown): value is Learnt {
  const { rate, minutes, flood } = (value ?? {}) as Partial<Record<keyof Learnt, unknown>>
  return isUpTo(rate, Number.MAX_SAFE_INTEGER) && isUpTo(minutes, LONG) && isUpTo(flood, SETTLED)
}

function isUpTo(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most
}
