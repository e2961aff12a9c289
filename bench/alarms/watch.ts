import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Agent } from '../../scripts/private-agent'

// What became of the alarms on resets in one agent: the notifications it sent, and the states it showed.

/** Whose alarm: ours are on our charts, the stock ones are on Netdata's own. */
export type Whose = 'ours' | 'stock'

export interface Event {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly whose: Whose
  readonly alarm: string
  readonly status: string
}

/** Somebody is told. */
export interface Notice extends Event {
  /** The host that it is about. */
  readonly node: string
  /** Ours begins with the names of containers where it is about such. */
  readonly info: string
}

export interface Watch {
  /** Program for the agent to run with each notification. */
  readonly program: string
  /** Notifications so far that go to somebody. */
  notices(): Notice[]
  /** The states that changed since the last call, among the alarms on the resets of the host. */
  changes(agent: Agent): Promise<Event[]>
  /** The state of each of the alarms, by `whose alarm`, as of the last changes(). */
  readonly states: ReadonlyMap<string, string>
  remove(): void
}

export function watchAlarms(): Watch {
  const dir = mkdtempSync(join(tmpdir(), 'tcp-resets-alarms-'))
  const [program, record] = [join(dir, 'record.sh'), join(dir, 'notices')]
  // The agent's user runs and writes it, who is not the one who reads it.
  chmodSync(dir, 0o755)
  writeFileSync(program, `#!/bin/sh\n(IFS='|'; echo "$(date +%s%3N)|$*") >>'${record}'\n`)
  chmodSync(program, 0o755)
  writeFileSync(record, '')
  chmodSync(record, 0o666)
  const states = new Map<string, string>()

  return {
    program,
    states,
    notices: () =>
      (existsSync(record) ? readFileSync(record, 'utf8') : '').split('\n').flatMap(line => {
        // 1.37 puts the family before the state.
        const [at, to, node = '', , , , , alarm = '', chart = '', ...words] = line.split('|')
        const statusAt = words.findIndex(word => /^(CLEAR|WARNING|CRITICAL|REMOVED)$/.test(word))
        const [status, before = ''] = words.slice(statusAt, statusAt + 2)
        // Netdata's own notifier tells nobody of that: after a restart everything is uninitialized.
        if (statusAt < 0 || (status === 'CLEAR' && !/^(WARNING|CRITICAL)$/.test(before))) return []
        const info = words.find(word => word.includes('Guide: ')) ?? ''
        const whose = whoseIs(alarm, chart)
        return status && whose && to !== 'silent'
          ? [{ at: Number(at), whose, node, alarm, status, info }]
          : []
      }),
    changes: async agent => {
      const { alarms } = (await agent.json('/api/v1/alarms?all')) as {
        alarms: Record<string, { name: string; chart: string; status: string }>
      }
      const at = Date.now()
      return Object.values(alarms).flatMap(({ name, chart, status }) => {
        const whose = /^ipv4\.(tcp_resets|tcphandshake)$/.test(chart) && whoseIs(name, chart)
        if (!whose || states.get(`${whose} ${name}`) === status) return []
        states.set(`${whose} ${name}`, status)
        return [{ at, whose, alarm: name, status }]
      })
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

function whoseIs(alarm: string, chart: string): Whose | undefined {
  if (chart === 'ipv4.tcphandshake') return 'stock'
  return chart.startsWith('ipv4.tcp_reset') || alarm.startsWith('tcp_resets_') ? 'ours' : undefined
}
