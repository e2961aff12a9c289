import { printable } from '../../explain/report/quote'

/** A file that is read in less says nothing. */
const QUIET_MS = 1000
const TERMINAL_MS = 200
const ELSEWHERE_MS = 10_000

/** What tells on standard error how far the reading is. */
export interface Progress {
  readonly at: (file: string, read: number, size: number | undefined) => void
  /** Takes the line away again. */
  readonly end: () => void
}

/**
 * A line that is written over in a terminal, and a line now and then elsewhere.
 *
 * @param stream standard error
 * @param now milliseconds that only go forward
 */
export function startProgress(stream: NodeJS.WriteStream, now: () => number): Progress {
  let next = now() + QUIET_MS
  let shown = false
  return {
    at(file, read, size) {
      if (now() < next) return
      next = now() + (stream.isTTY ? TERMINAL_MS : ELSEWHERE_MS)
      const of =
        size === undefined || size < read
          ? ''
          : ` of ${megabytes(size)}, ${Math.floor((read / size) * 100)} %`
      const line = `reading ${file === '-' ? 'standard input' : printable(file)}: ${megabytes(read)}${of}`
      stream.write(stream.isTTY ? `\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}` : `${line}\n`)
      shown = stream.isTTY
    },
    end() {
      if (shown) stream.write('\r\x1b[K')
      shown = false
    },
  }
}

const megabytes = (n: number): string => `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`
