import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Explanation } from '../../explain/explanation'
import { attempt } from '../attempt'

/** Where recordings are kept: root's, readable by the agent's group. */
export const RECORDINGS = '/var/lib/netdata-tcp-resets-recordings'

/** What is known of a recording, beside the capture itself. */
export interface Recording {
  readonly version: 1
  readonly id: string
  /** The name of the namespace, as its chart has it; `host` for the agent's own. */
  readonly namespace: string
  /** Seconds since 1970. */
  readonly began: number
  /** What `explain --json` says of it, with a few of the resets and servers; absent where it could not be explained. */
  readonly explanation?: Explanation
  /** Why there is no explanation. */
  readonly fault?: string
  /** Requests that came meanwhile, or too soon after it, and were not recorded. */
  readonly refused: number
}

/**
 * What is kept, oldest first; nothing where there is no such place. A file that is no recording of ours is passed over.
 *
 * @throws the system's error
 */
export function recordingsIn(store: string): Recording[] {
  if (!existsSync(store)) return []
  return idsIn(store).flatMap(id => parseRecording(readFileSync(join(store, `${id}.json`), 'utf8')) ?? [])
}

/** The names of the recordings, oldest first: they begin with the time. */
export function idsIn(store: string): string[] {
  return readdirSync(store)
    .filter(name => name.endsWith('.json'))
    .map(name => name.slice(0, -'.json'.length))
    .sort()
}

function parseRecording(text: string): Recording | undefined {
  const value: unknown = attempt(() => JSON.parse(text))
  return isRecording(value) ? value : undefined
}

/** Root wrote it, though perhaps another version of the program. What lists and tables show has to be there. */
function isRecording(value: unknown): value is Recording {
  if (typeof value !== 'object' || value === null) return false
  const { version, id, namespace, began, explanation, fault, refused } = value as Partial<Recording>
  return (
    version === 1 &&
    typeof id === 'string' &&
    /^[\w.-]+$/.test(id) &&
    typeof namespace === 'string' &&
    Number.isFinite(began) &&
    Number.isSafeInteger(refused) &&
    (typeof fault === 'string' ||
      (typeof explanation?.summary?.finding === 'string' &&
        Number.isSafeInteger(explanation.summary.resets) &&
        Array.isArray(explanation.capture?.notes)))
  )
}

/** What a recording has to say, in a sentence or two. */
export function findingOf({ explanation, fault }: Recording): string {
  return explanation?.summary.finding ?? `Not explained: ${fault}.`
}

/** The chart on which its burst is. */
export function chartOf({ namespace }: Pick<Recording, 'namespace'>): string {
  return namespace === 'host' ? 'ipv4.tcp_resets' : `ipv4.tcp_resets_${namespace}`
}
