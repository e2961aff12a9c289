import { existsSync } from 'node:fs'
import type { Log } from '../log'
import { messageOf } from '../message'
import { openTrace, type Trace } from './trace'

/** A grant that comes or goes is noticed within this time. */
const CHECK_MS = 5000

const FAULT = 'tracing'

/** Opens the trace when root grants it, and lets go of it when that is over or when it can't be read. */
export interface GrantWatch {
  /** Undefined while the grant is missing, and from a fault until the next check. */
  readonly trace: Trace | undefined
  /**
   * To be called at every tick.
   *
   * @param now monotonic milliseconds
   * @returns the trace where it was opened just now
   */
  check(now: number): Trace | undefined
  /** It could not be read. It is opened anew at the next check. */
  fail(error: unknown): void
  /** It could be read: a fault is over. */
  works(): void
  close(): void
}

/**
 * @param folder where the granted instances are
 * @param log told once how to get the grant, and of each time that it comes or goes
 * @param onGrant told at each look for the grant whether it is there
 */
export function grantWatch(
  folder: string,
  log: Log,
  onGrant: (isThere: boolean) => void,
  open: (folder: string) => Trace = openTrace,
): GrantWatch {
  let trace: Trace | undefined
  let nextCheck = 0
  let saidHow = false
  let failing = false

  const close = (): void => {
    trace?.close()
    trace = undefined
  }

  const look = (): Trace | undefined => {
    // The same as below, without the cost of an error each time.
    if (saidHow && !existsSync(folder)) return undefined
    try {
      return open(folder)
    } catch (error) {
      if (!saidHow) {
        log.info(
          `tracing: no reasons and peers of resets: ${messageOf(error)}. To get them, as root: tcp-resets grant`,
        )
      }
      return undefined
    } finally {
      saidHow = true
    }
  }

  return {
    get trace() {
      return trace
    },
    check(now) {
      // At once, or what the kernel counts no longer would be taken for no resets.
      const isThere = trace === undefined || trace.isStillThere()
      if (isThere && now < nextCheck) return undefined
      nextCheck = now + CHECK_MS
      if (!isThere || trace?.isStillOn() === false) {
        log.info(`tracing: ${folder} is no longer granted; no reasons and peers until it is again`)
        close()
      }
      if (trace !== undefined) return undefined
      trace = look()
      if (trace !== undefined && !failing) {
        log.info(`tracing: reading the reasons and peers of resets from ${folder}`)
        for (const why of trace.blind) log.warning(`tracing: counts only: ${why}`)
      }
      onGrant(trace !== undefined)
      return trace
    },
    fail(error) {
      failing = true
      log.fault(FAULT, messageOf(error))
      close()
    },
    works() {
      failing = false
      log.fault(FAULT, undefined)
    },
    close,
  }
}
