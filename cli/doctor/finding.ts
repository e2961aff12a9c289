import { oneLine } from '../../plugin/message'

/** What one look of the doctor gave. */
export interface Finding {
  /** What was checked. */
  readonly check: string
  /** `unknown`: it could not be checked, and `saw` says why. `note`: worth knowing, and no fault. */
  readonly status: 'good' | 'wrong' | 'note' | 'unknown'
  readonly saw: string
  /** What to do about it. */
  readonly advice?: string
}

export const good = (check: string, saw: string): Finding => ({ check, status: 'good', saw })
export const wrong = (check: string, saw: string, advice: string): Finding => ({
  check,
  status: 'wrong',
  saw,
  advice,
})
export const unknown = (check: string, saw: string): Finding => ({ check, status: 'unknown', saw })
export const note = (check: string, saw: string, advice?: string): Finding => ({
  check,
  status: 'note',
  saw,
  ...(advice !== undefined && { advice }),
})

/** For a person: one line each, and one more where there is something to do. Whoever answered can't steer the terminal. */
export function reportOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ status, check, saw, advice }) => [
    `${status.padEnd(7)}  ${check.padEnd(width)}  ${oneLine(saw)}`,
    ...(advice === undefined ? [] : [`${''.padEnd(7)}  ${''.padEnd(width)}  → ${oneLine(advice)}`]),
  ])
  const faults = findings.filter(({ status }) => status === 'wrong').length
  const open = findings.filter(({ status }) => status === 'unknown').length
  return [...lines, '', `${faults} wrong, ${open} not checked, of ${findings.length}`].join('\n')
}
