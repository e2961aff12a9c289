import type { Log } from '../log'
import { oneLine } from '../message'
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
  answer(call: FunctionCall): FunctionAnswer
}

export interface FunctionAnswer {
  /** As in HTTP. */
  readonly status: number
  /** JSON, in lines of at most some 10,000 bytes. */
  readonly body: string
  /** Seconds that the answer stays good. */
  readonly goodFor: number
}

/** Calls that wait for the agent to read. Nobody has that many windows open. */
const MAX_WAITING = 32
const MAX_MESSAGE = 300

/** Registers a function. Agents that know fewer words pass over the rest of the line. */
export function functionLine({ name, help, timeout, access }: FunctionDefinition): string {
  return `FUNCTION GLOBAL "${cleanId(name)}" ${timeout} "${cleanText(help)}" "top" 0x${access.toString(16)} 100 3\n`
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
 * @param now monotonic milliseconds
 */
export function functionCalls(
  definitions: readonly FunctionDefinition[],
  out: Output,
  now: () => number,
  log: Log,
): FunctionCalls {
  let waiting: { readonly call: FunctionCall; readonly until: number; cancelled: boolean }[] = []

  const answer = (call: FunctionCall): FunctionAnswer => {
    const name = call.words[0] ?? ''
    const definition = definitions.find(each => each.name === name)
    if (definition === undefined) return refusal(404, `there is no function "${name}"`)
    if (call.fault !== undefined) return refusal(400, call.fault)
    try {
      return definition.answer(call)
    } catch (error) {
      log.error(`function ${name}: ${error instanceof Error ? error.message : error}`)
      return refusal(500, 'this can not be answered; the log of the agent says why')
    }
  }

  const flush = (): void => {
    while (waiting.length > 0 && out.ready()) {
      const next = waiting.shift()
      if (next === undefined || next.until < now()) continue
      // The agent still waits for an answer, and passes over it. 499: the caller closed the request.
      out.write(result(next.call, next.cancelled ? refusal(499, 'cancelled') : answer(next.call)))
    }
  }

  const events: InputEvents = {
    called(call) {
      const seconds = call.timeout || definitions[0]?.timeout || 0
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

function result({ transaction }: FunctionCall, { status, body, goodFor }: FunctionAnswer): string {
  const expires = Math.floor(Date.now() / 1000) + goodFor
  return `FUNCTION_RESULT_BEGIN ${transaction} ${status} application/json ${expires}\n${body}FUNCTION_RESULT_END\n`
}
