import { createReadStream, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explain } from '../../explain/explain'
import type { Explanation, Verdict } from '../../explain/explanation'

export const CAPTURES = join(__dirname, '..', 'fixtures', 'captures')

export const names = (): string[] => readdirSync(CAPTURES).filter(name => /^(lab|derived)__/.test(name))

/** What is known of a reset of the fixtures. */
export interface Truth {
  readonly capture: string
  readonly frame: number
  readonly stage: string
  readonly sub?: string
  readonly src: string
  readonly sport: number
  readonly dst: string
  readonly dport: number
  readonly idle_s?: number
  readonly bytes_from_sender?: number
  readonly bytes_to_sender?: number
  readonly sender_verdict?: string
}

export function truth(): Truth[] {
  const lines = readFileSync(join(CAPTURES, 'truth.jsonl'), 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line) as Truth)
}

export const VERDICT: Readonly<Record<string, Verdict>> = {
  'device-likely': 'somebody-else',
  'device-possible': 'somebody-else-possible',
}

export function explainFile(name: string, idleSeconds = 10): Promise<Explanation> {
  return explain([{ name, bytes: createReadStream(join(CAPTURES, name)) }], { idleSeconds })
}
