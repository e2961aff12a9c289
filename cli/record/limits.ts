import type { Recording } from '../../plugin/recording/recording'

/** So many recordings in an hour: whoever asks can ask as often as he likes. */
const AN_HOUR = 20

/** Why there is no recording now, and for how many seconds to come. */
export interface Refusal {
  readonly why: string
  readonly seconds: number
}

/**
 * @param kept what was recorded, oldest first
 * @param now seconds since 1970
 * @param between seconds from the beginning of one to that of the next, at least
 * @returns undefined where there may be one
 */
export function refusalOf(
  kept: readonly Pick<Recording, 'began'>[],
  now: number,
  between: number,
): Refusal | undefined {
  // A clock that was set back must not hold up recordings for long.
  const ages = kept.map(({ began }) => now - began).filter(age => age >= 0)
  const youngest = Math.min(...ages)
  if (youngest < between) {
    const seconds = between - youngest
    return {
      why: `the last recording began ${Math.round(youngest)} s ago, and there is at most one every ${between} s`,
      seconds,
    }
  }
  if (ages.filter(age => age < 3600).length >= AN_HOUR)
    return { why: `there have been ${AN_HOUR} recordings within an hour`, seconds: between }
  return undefined
}
