import { risen } from '../../test/kernel/check-charts'
import type { Tick } from '../../test/kernel/plugin-reader'
import type { Letter } from '../../test/kernel/runner'

/** The next tick of the plugin on each host whose values are newer than the call. */
export type ReadBoth = () => Promise<Readonly<Record<Letter, Tick>>>

/** What a measure of resets said of a host, next to what was on its wire. */
export interface Judged {
  readonly letter: Letter
  readonly measure: Measure
  readonly wire: number
  readonly said: number
}

export const MEASURES = ['sent', 'received', 'AttemptFails'] as const
export type Measure = (typeof MEASURES)[number]

/** How the tables call them. */
export const CALLED: Readonly<Record<Measure, string>> = {
  sent: '`sent`',
  received: '`received`',
  AttemptFails: "received, by Netdata's own `AttemptFails`",
}

/**
 * Every measure of one host.
 *
 * @param wire resets that TCP of this host sent or got, as the wire saw them
 * @param attemptFails by how much the kernel's counter rose
 */
export function judge(
  letter: Letter,
  wire: { readonly out: number; readonly in: number },
  attemptFails: number,
  ticks: { readonly before: Tick; readonly after: Tick },
): readonly Judged[] {
  const { sent, received } = risen('ipv4.tcp_resets', ticks)
  if (sent === undefined || received === undefined) throw new Error(`the plugin had a gap on host ${letter}`)
  return [
    { letter, measure: 'sent', wire: wire.out, said: sent },
    { letter, measure: 'received', wire: wire.in, said: received },
    { letter, measure: 'AttemptFails', wire: wire.in, said: attemptFails },
  ]
}

export const errorOf = ({ wire, said }: Judged): number => said - wire

/** Errors in both directions add up: too many here does not make good for too few there. */
export function sums(judged: readonly Judged[]): { wire: number; said: number; error: number } {
  const sum = (of: (one: Judged) => number): number => judged.reduce((all, one) => all + of(one), 0)
  return { wire: sum(one => one.wire), said: sum(one => one.said), error: sum(one => Math.abs(errorOf(one))) }
}

export const count = (value: number): string => value.toLocaleString('en')
export const signed = (value: number): string => `${value > 0 ? '+' : ''}${count(value)}`
/** A share of the wire's resets; of none, any error is infinitely much. */
export function percent(error: number, wire: number): string {
  return error === 0 ? '0 %' : `${((error / wire) * 100).toPrecision(2)} %`
}
