import { existsSync } from 'node:fs'
import type { Time } from '../clock'
import type { TracingConfig } from '../config/config'
import { type FunctionAnswers, functionDelLine, functionLine } from '../netdata/function'
import type { Output } from '../netdata/output'
import { recordingsFunction } from './function'
import { RECORDINGS, recordingsIn } from './recording'
import { REQUEST } from './request'

const CHECK_MS = 10_000

/** The table of recordings, which the agent is offered for as long as there may be any. */
export interface RecordingsOffer {
  readonly answer: FunctionAnswers
  /** @param now monotonic milliseconds */
  check(now: number): void
  /** Takes it back from the agent. */
  stop(): void
}

/**
 * @param tracing says whether there are tables, and for whom; undefined is returned where there are none
 * @param canTakeBack whether the agent knows functions that go
 */
export function offerRecordings(
  tracing: Pick<TracingConfig, 'function' | 'function_for'>,
  out: Output,
  time: Time,
  canTakeBack: boolean,
): RecordingsOffer | undefined {
  if (!tracing.function) return undefined
  const table = recordingsFunction(() => recordingsIn(RECORDINGS), time.wall, tracing.function_for)
  let offered = false
  let checkedAt = Number.NEGATIVE_INFINITY
  const offer = (isThere: boolean): void => {
    if (isThere === offered || (!isThere && !canTakeBack)) return
    offered = isThere
    out.write(isThere ? functionLine(table) : functionDelLine(table))
  }
  return {
    answer: table.answer,
    check(now) {
      if (now - checkedAt < CHECK_MS) return
      checkedAt = now
      offer(existsSync(REQUEST) || existsSync(RECORDINGS))
    },
    stop: () => offer(false),
  }
}
