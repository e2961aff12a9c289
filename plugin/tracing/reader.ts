import type { Time } from '../clock'
import type { Stream } from './stream'

/**
 * Between two readings while there is little in the buffers, and while there is much. Every tick reads too: with one a
 * second, none is needed in between.
 */
const QUIET_MS = 1500
const BUSY_MS = 100
/** Events read each time, in each direction. What is beyond is sampled: the last that fit into the buffers. */
const LIMIT = 500
/** With a long interval between ticks, what was read would pile up. */
const FULL = 10 * LIMIT

/** Reads the buffers of the trace a bounded part at a time: when it is told to, and by itself until the next time. */
export interface TraceReader {
  read(): void
  /** Until it is told to read again. */
  stop(): void
}

/**
 * @param streams what is to be read by now; where there is none, it stops by itself
 * @param onFull told when much is held that nobody has taken
 * @param onFault gets the system's error; nothing is read then until it is told to
 */
export function traceReader(
  streams: () => readonly Stream[],
  time: Pick<Time, 'in'>,
  onFull: () => void,
  onFault: (error: unknown) => void,
): TraceReader {
  let stop = (): void => {}

  const readBetween = (): void => {
    read()
    if (streams().some(({ held }) => held >= FULL)) onFull()
  }

  const read = (): void => {
    stop()
    const now = streams()
    if (now.length === 0) return
    try {
      const left = now.filter(stream => stream.read(LIMIT))
      stop = time.in(left.length > 0 ? BUSY_MS : QUIET_MS, readBetween)
    } catch (error) {
      onFault(error)
    }
  }

  return { read, stop: () => stop() }
}
