import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Agent } from '../../scripts/private-agent'

// What became of the alarms on resets in one agent: the notifications it sent, and the states it showed.

/** Whose alarm: ours are on our chart, the stock ones are on Netdata's own. */
export type Whose = 'ours' | 'stock'

export interface Event {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly whose: Whose
  readonly alarm: string
  readonly status: string
}

export interface Watch {
  /** Program for the agent to run with each notification. */
  readonly program: string
  /** Notifications so far. */
  notices(): Event[]
  /** The states that changed since the last call, among the alarms on resets. */
  changes(agent: Agent): Promise<Event[]>
  /** The state of each of the alarms, by `whose alarm`, as of the last changes(). */
  readonly states: ReadonlyMap<string, string>
  remove(): void
}

const CHARTS: Readonly<Record<string, Whose>> = { 'ipv4.tcp_resets': 'ours', 'ipv4.tcphandshake': 'stock' }

export function watchAlarms(): Watch {
  const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-alarms-'))
  const [program, record] = [join(dir, 'record.sh'), join(dir, 'notices')]
  // The agent's user runs and writes it, who is not the one who reads it. 1.37 puts the family before the state.
  chmodSync(dir, 0o755)
  writeFileSync(program, `#!/bin/sh\necho "$(date +%s%3N)|$7|$8|$9|\${10}" >>'${record}'\n`)
  chmodSync(program, 0o755)
  writeFileSync(record, '')
  chmodSync(record, 0o666)
  const states = new Map<string, string>()

  return {
    program,
    states,
    notices: () =>
      (existsSync(record) ? readFileSync(record, 'utf8') : '').split('\n').flatMap(line => {
        const [at, alarm = '', chart = '', ...words] = line.split('|')
        const status = words.find(word => /^(CLEAR|WARNING|CRITICAL|REMOVED)$/.test(word))
        const whose = CHARTS[chart]
        return status && whose ? [{ at: Number(at), whose, alarm, status }] : []
      }),
    changes: async agent => {
      const { alarms } = (await agent.json('/api/v1/alarms?all')) as {
        alarms: Record<string, { name: string; chart: string; status: string }>
      }
      const at = Date.now()
      return Object.values(alarms).flatMap(({ name, chart, status }) => {
        const whose = CHARTS[chart]
        if (whose === undefined || states.get(`${whose} ${name}`) === status) return []
        states.set(`${whose} ${name}`, status)
        return [{ at, whose, alarm: name, status }]
      })
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
