import { lstatSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { idsIn, type Recording } from '../../plugin/recording/recording'

/** So many recordings are kept, and so many bytes of all of them. */
const MOST_RECORDINGS = 20
const MOST_BYTES = 50e6

/** The files of a recording. */
export const captureOf = (store: string, id: string): string => join(store, `${id}.pcap`)
const recordOf = (store: string, id: string): string => join(store, `${id}.json`)

/** Whole or not at all. Its group is that of the folder (setgid). */
export function keep(store: string, recording: Recording): void {
  const path = recordOf(store, recording.id)
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(recording)}\n`, { mode: 0o640 })
    renameSync(`${path}.new`, path)
  } finally {
    rmSync(`${path}.new`, { force: true })
  }
}

/**
 * Makes room for one more: what is there with it stays within the bounds. The oldest go first; where it is about bytes,
 * only their captures: what was found in them is small.
 *
 * @param bytes that the new one has at most
 */
export function makeRoom(store: string, bytes: number): void {
  const ids = idsIn(store)
  for (const id of ids.splice(0, Math.max(0, ids.length - MOST_RECORDINGS + 1))) rmSync(recordOf(store, id))
  for (const name of readdirSync(store)) {
    // A capture without a record is none, and a record without its last letters was cut off while it was written.
    if (!ids.includes(name.replace(/\.(json|pcap)$/, ''))) rmSync(join(store, name))
  }
  const sizeOf = (path: string): number => lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
  const captures = ids.map(id => captureOf(store, id))
  const files = [...captures, ...ids.map(id => recordOf(store, id))]
  let left = files.reduce((sum, path) => sum + sizeOf(path), 0)
  for (const path of captures) {
    if (left + bytes <= MOST_BYTES) return
    left -= sizeOf(path)
    rmSync(path, { force: true })
  }
}
