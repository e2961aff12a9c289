import type { Time } from './clock'

/** Often enough for an alarm that waits half a minute, and seldom enough to cost nothing. */
const EVERY_MS = 9_500

/**
 * Protocol text for a plugin that was removed from the machine: nobody misses it. The variable stays with the node, and at
 * a Parent, for as long as the agent runs; a time in the future clears the alarm.
 */
export const NOT_MISSED = 'VARIABLE HOST tcp_resets_measured_t = 9999999999\n'

/** Protocol text of the interval alone. It says nothing new after the first time. */
export function intervalText(updateEvery: number): string {
  return `VARIABLE HOST tcp_resets_update_every = ${updateEvery}\n`
}

/**
 * Tells the agent when the host was measured last, in variables of the node for the alarm that watches over the
 * measuring. When a plugin is gone, agents from 2 on remove its charts at once, and all alarms on them: only what is on
 * none of our charts stays.
 *
 * @param updateEvery seconds between collections
 * @returns makes protocol text for one tick out of what was collected then; empty when there was nothing, or nothing to
 *   tell yet
 */
export function lastMeasured(updateEvery: number, time: Time): (collected: string, now: number) => string {
  let next = Number.NEGATIVE_INFINITY
  return (collected, now) => {
    if (collected === '' || now < next) return ''
    next = now + EVERY_MS
    const seconds = Math.floor(time.wall() / 1000)
    return `VARIABLE HOST tcp_resets_measured_t = ${seconds}\n${intervalText(updateEvery)}`
  }
}
