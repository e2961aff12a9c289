import type { Log } from '../log'
import { messageOf, oneLine } from '../message'
import { cleanId, cleanText } from './clean'
import { type FunctionCall, type InputEvents, inputReader } from './input'
import type { Output } from './output'

// Functions: what a person can ask a plugin for from the dashboard, in the text of Netdata's protocol.

export interface FunctionDefinition {
  readonly name: string
  /** For people. */
  readonly help: string
  /** Seconds that an answer may take. */
  readonly timeout: number
  /** What a user needs to be allowed, as the agent numbers it. Agents before 1.45 know no rights. */
  readonly access: number
  readonly answer: FunctionAnswers
}

/** Answers calls, at once or after a while. */
export type FunctionAnswers = (call: FunctionCall) => FunctionAnswer | Promise<FunctionAnswer>

export interface FunctionAnswer {
  /** As in HTTP. */
  readonly status: number
  /** JSON where `type` does not say otherwise, in lines of at most some 10,000 bytes. */
  readonly body: string
  readonly type?: string
  /** Seconds that the answer stays good. */
  readonly goodFor: number
}

/** Calls that wait for the agent to read. Nobody has that many windows open. */
const MAX_WAITING = 32
const MAX_MESSAGE = 300
/** Seconds, for a caller that names none. */
const USUAL_TIMEOUT = 10

/** Registers a function. Agents that know fewer words pass over the rest of the line. */
export function functionLine({ name, help, timeout, access }: FunctionDefinition): string {
  return `FUNCTION GLOBAL "${cleanId(name)}" ${timeout} "${cleanText(help)}" "top" 0x${access.toString(16)} 100 3\n`
}

/** Takes a function back. Only for agents that know it. */
export function functionDelLine({ name }: FunctionDefinition): string {
  return `FUNCTION_DEL GLOBAL "${cleanId(name)}"\n`
}

/** An answer that says what is wrong with a call, under each of the names that agents and dashboards know. */
export function refusal(status: number, message: string): FunctionAnswer {
  // JSON leaves DEL and the C1 control characters as they are.
  const text = oneLine(message).slice(0, MAX_MESSAGE)
  return {
    status,
    // JSON keeps on one line, and in its quotes, whatever the caller sent.
    body: `${JSON.stringify({ status, errorMessage: text, error_message: text })}\n`,
    goodFor: 0,
  }
}

export interface FunctionCalls {
  /** Takes what the agent says, in any pieces. */
  read(chunk: Buffer): void
  /** Answers what waits, if the agent reads again. */
  flush(): void
}

/**
 * Answers calls of functions, each in one write of its own, so never in the middle of a chart. While the agent does not
 * read, calls wait and nothing is made ready for it; a call whose time is up, or that is one too many, has no answer:
 * its caller is told by the agent.
 *
 * @param find what answers the calls of a name; undefined where there is no such function
 * @param now monotonic milliseconds
 */
export function functionCalls(
  find: (name: string) => FunctionAnswers | undefined,
  out: Output,
  now: () => number,
  log: Log,
): FunctionCalls {
  let waiting: { readonly call: FunctionCall; readonly until: number; cancelled: boolean }[] = []
  const answered: string[] = []

  const write = (): void => {
    while (answered.length > 0 && out.ready()) out.write(answered.shift() ?? '')
  }
  const give = (call: FunctionCall, answer: FunctionAnswer): void => {
    answered.push(result(call, answer))
    write()
  }

  const answer = (call: FunctionCall): FunctionAnswer | Promise<FunctionAnswer> => {
    const answers = find(call.words[0] ?? '')
    if (answers === undefined) return refusal(404, `there is no function "${call.words[0] ?? ''}"`)
    return call.fault === undefined ? answers(call) : refusal(400, call.fault)
  }

  const serve = (call: FunctionCall): void => {
    const failed = (error: unknown): void => {
      log.error(`function ${call.words[0]}: ${messageOf(error)}`)
      give(call, refusal(500, "this cannot be answered; the agent's log says why"))
    }
    try {
      const given = answer(call)
      if (given instanceof Promise) given.then(late => give(call, late), failed)
      else give(call, given)
    } catch (error) {
      failed(error)
    }
  }

  const flush = (): void => {
    write()
    while (waiting.length > 0 && out.ready()) {
      const next = waiting.shift()
      if (next === undefined || next.until < now()) continue
      // The agent still waits for an answer, and passes over it. 499: the caller closed the request.
      if (next.cancelled) give(next.call, refusal(499, 'cancelled'))
      else serve(next.call)
    }
  }

  const events: InputEvents = {
    called(call) {
      const seconds = call.timeout || USUAL_TIMEOUT
      waiting.push({ call, until: now() + seconds * 1000, cancelled: false })
      flush()
      waiting = waiting.slice(-MAX_WAITING)
    },
    cancelled(transaction) {
      for (const each of waiting) if (each.call.transaction === transaction) each.cancelled = true
    },
  }
  return { read: inputReader(events), flush }
}

function result({ transaction }: FunctionCall, { status, body, type, goodFor }: FunctionAnswer): string {
  const expires = Math.floor(Date.now() / 1000) + goodFor
  const head = `${transaction} ${status} ${type ?? 'application/json'} ${expires}`
  return `FUNCTION_RESULT_BEGIN ${head}\n${body}FUNCTION_RESULT_END\n`
}
