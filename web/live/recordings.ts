/** The Function `tcp-resets-recordings` in the agent's answers. */

import { cellsOf, finite, text } from './answers'

/** One recording, as far as it is told here. */
export interface Recording {
  readonly id: string
  /** Seconds since 1970. */
  readonly began: number
  readonly chart: string
  readonly finding: string
}

/** Findings are a sentence or two. */
const LONGEST_FINDING = 1000

/** `/api/v1/function?function=tcp-resets-recordings`, the newest first; undefined when that is not what it is. */
export function readRecordings(answer: unknown): Recording[] | undefined {
  return cellsOf(answer)
    ?.flatMap(cell => {
      const id = text(cell('Recording'))
      const began = finite(cell('Began'))
      const chart = text(cell('Chart'))
      const finding = text(cell('Finding'), LONGEST_FINDING)
      if (id === undefined || began === undefined || chart === undefined || finding === undefined) return []
      return [{ id, began: began / 1000, chart, finding }]
    })
    .sort((a, b) => b.began - a.began)
}
