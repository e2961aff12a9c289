import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'

/** A network namespace, now. */
export interface Request {
  /** As its chart has it. */
  readonly name: string
  /** Of its `net/snmp`, as two namespaces may want the same name; absent for the agent's own, and from a person. */
  readonly inode?: number | undefined
}

/**
 * Where a recording is asked for: a file of root's that the agent's group may write to and nobody may replace. It is there
 * only where recordings were asked for. Each line is a request: a name, and an inode behind a blank.
 */
export const REQUEST = '/run/netdata-tcp-resets-recording/request'
/** Of the agent's own namespace: the name behind `ipv4.tcp_resets_` of the others is empty there. */
export const OWN = 'host'

/** Whoever takes the requests takes them all, so a file this long is one that nobody takes. */
const MOST_BYTES = 4096

/**
 * Asks for a recording.
 *
 * @throws the system's error (`code`, `path`); nothing where recordings are off
 */
export function askForRecording({ name, inode }: Request, path = REQUEST): void {
  let fd: number
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  try {
    if (fstatSync(fd).size < MOST_BYTES) writeSync(fd, `${name}${inode === undefined ? '' : ` ${inode}`}\n`)
  } finally {
    closeSync(fd)
  }
}
