import type { Time } from './clock'
import type { Output } from './netdata/output'

/** Twice this is the longest silence. */
const LOOK_MS = 45_000

/**
 * Agents from 2 on end a plugin that says nothing for two minutes, and start it again. Where collections are further
 * apart, or nothing can be read, this says something in between that every agent takes and that changes nothing.
 *
 * @param text what to say
 * @returns the output to write to from then on
 */
export function withSignOfLife(out: Output, text: () => string, time: Time): Output {
  let said = false
  const look = (): void => {
    if (!said && out.ready()) out.write(text())
    said = false
    time.in(LOOK_MS, look)
  }
  time.in(LOOK_MS, look)
  return {
    ready: out.ready,
    write(written) {
      said ||= written !== ''
      out.write(written)
    },
  }
}
