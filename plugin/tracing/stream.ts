import type { Direction, ResetEvent } from './event'
import type { TraceInstance } from './instance'

/** One direction of the trace, with what was read of it and not taken yet. */
export interface Stream {
  readonly direction: Direction
  /**
   * Reads what is in the buffer, about `limit` events of it.
   *
   * @returns whether there was more
   * @throws the system's error
   */
  read(limit: number): boolean
  /** Events that were read and not taken yet. */
  readonly held: number
  /** Whether nothing was read since the last take(). Of one that can't be read this is never known, and it is false. */
  readonly isQuiet: boolean
  /**
   * @returns the events that were read since the last call, and how many there were in all: never fewer
   * @throws the system's error; what was read is kept for the next call then
   */
  take(): { readonly events: readonly ResetEvent[]; readonly all: number }
}

export function newStream(instance: TraceInstance): Stream {
  let events: ResetEvent[] = []
  let unreadable = 0
  return {
    direction: instance.direction,
    read(limit) {
      const drained = instance.drain(limit)
      for (const event of drained.events) events.push(event)
      unreadable += drained.unreadable
      return drained.more
    },
    get held() {
      return events.length
    },
    get isQuiet() {
      return events.length === 0 && unreadable === 0 && instance.blind === undefined
    },
    take() {
      const taken = { events, all: Math.max(instance.count(), events.length + unreadable) }
      events = []
      unreadable = 0
      return taken
    },
  }
}
