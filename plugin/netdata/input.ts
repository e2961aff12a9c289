import { StringDecoder } from 'node:string_decoder'

// What the agent says to a plugin, on its stdin:
// https://learn.netdata.cloud/docs/developer-and-contributor-corner/external-plugins

/** A call of a function. */
export interface FunctionCall {
  /** What the answer names. Letters, digits and `-` only. */
  readonly transaction: string
  /** Seconds that the caller waits. */
  readonly timeout: number
  /** The function's name and its parameters. */
  readonly words: readonly string[]
  /** What was posted with it. */
  readonly payload?: string
  /** Why it can't be served, whatever it asks for. */
  readonly fault?: string
}

export interface InputEvents {
  called(call: FunctionCall): void
  /** The caller of this transaction has gone. */
  cancelled(transaction: string): void
}

const MAX_LINE = 64 * 1024
const MAX_PAYLOAD = 256 * 1024
const MAX_TIMEOUT = 3600

/**
 * Makes a reader of the agent's lines. It takes any bytes: what is no request of the protocol is passed over, and
 * what it keeps of an unfinished one is bounded.
 *
 * FUNCTION_PROGRESS needs no answer, and with answers that come at once there is nothing to report. QUIT is followed by
 * the end of stdin.
 */
export function inputReader(events: InputEvents): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  let line = ''
  let tooLong = false
  let posted: (Omit<FunctionCall, 'payload'> & { lines: string[]; size: number }) | undefined

  const takeLine = (text: string): void => {
    if (posted === undefined) {
      takeCommand(text)
    } else if (text === 'FUNCTION_PAYLOAD_END') {
      const { lines, size, ...call } = posted
      posted = undefined
      if (size <= MAX_PAYLOAD) events.called({ ...call, payload: lines.join('\n') })
      else events.called({ ...call, fault: `expected a payload of at most ${MAX_PAYLOAD} bytes` })
    } else {
      posted.size += text.length + 1
      if (posted.size > MAX_PAYLOAD) posted.lines = []
      else posted.lines.push(text)
    }
  }

  const takeCommand = (text: string): void => {
    const [keyword, transaction = '', timeout = '', called = ''] = wordsOf(text)
    if (!/^[\w-]{1,100}$/.test(transaction)) return
    if (keyword === 'FUNCTION_CANCEL') events.cancelled(transaction)
    // No agent sends a call without a name, so there is nobody to answer.
    if ((keyword !== 'FUNCTION' && keyword !== 'FUNCTION_PAYLOAD') || called === '') return
    const seconds = /^\d{1,9}$/.test(timeout) ? Math.min(Number(timeout), MAX_TIMEOUT) : 0
    const call = { transaction, timeout: seconds, words: called.split(/\s+/).filter(word => word !== '') }
    if (keyword === 'FUNCTION') events.called(call)
    else posted = { ...call, lines: [], size: 0 }
  }

  return chunk => {
    const pieces = decoder.write(chunk).split('\n')
    const last = pieces.pop() ?? ''
    for (const piece of pieces) {
      const whole = line + piece
      const skip = tooLong || whole.length > MAX_LINE
      line = ''
      tooLong = false
      if (!skip) takeLine(whole.endsWith('\r') ? whole.slice(0, -1) : whole)
      else if (posted !== undefined) posted.size = Number.POSITIVE_INFINITY
    }
    line += last
    if (line.length <= MAX_LINE && !tooLong) return
    tooLong = true
    line = ''
  }
}

/** Words between blanks; quotes, single or double, hold words together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  )
}
