import type { Explanation, Reset } from '../explanation'
import { isAccused, worryOf } from './meaning'

/** As many resets as are told at once, in full and in order; more get a summary first. */
const FEW = 3
/** How many are told in detail unless the reader says otherwise. */
const DEFAULT_LIMIT = 10

/**
 * The resets to tell in detail. Up to three: all of them, in the order of the capture. More: one example of each kind, the
 * worrying ones first. With a limit of the reader's own, others of the same kinds follow.
 */
export function choose(resets: readonly Reset[], limit: number | undefined): Reset[] {
  const counted = resets.filter(({ stage }) => stage !== 'copy')
  // Who asks for copies alone gets them.
  const from = counted.length > 0 ? counted : resets
  if (from.length <= FEW) return from.slice(0, limit)
  const kinds = new Map<string, Reset>()
  for (const reset of from) {
    const kind = kindOf(reset)
    if (!kinds.has(kind)) kinds.set(kind, reset)
  }
  const examples = byWorry([...kinds.values()])
  if (limit === undefined) return examples.slice(0, DEFAULT_LIMIT)
  const shown = new Set(examples)
  return [...examples, ...byWorry(from.filter(reset => !shown.has(reset)))].slice(0, limit)
}

/** Whether the details come first, or a summary. */
export function areFew({ summary }: Explanation): boolean {
  return summary.resets <= FEW
}

const kindOf = (reset: Reset): string =>
  [reset.stage, reset.detail, isAccused(reset), reset.stage === 'after-handshake' && reset.side].join('/')

const byWorry = (resets: Reset[]): Reset[] => resets.sort((a, b) => worryOf(a) - worryOf(b))
