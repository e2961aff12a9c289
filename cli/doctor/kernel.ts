import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { attempt } from '../../plugin/attempt'
import type { Agent } from '../agent/find'
import { type Finding, note } from './finding'

/** Settings that change how many resets there are, and what they mean. */
export function checkKernel(_agent: Agent, platform: NodeJS.Platform): Finding[] {
  if (platform === 'freebsd') {
    const answers = sysctl('net.inet.tcp.syncache.rst_on_sock_fail')
    return [
      note('syncookies', `net.inet.tcp.syncookies is ${sysctl('net.inet.tcp.syncookies')}`),
      note(
        'overflow',
        `net.inet.tcp.syncache.rst_on_sock_fail is ${answers}: a full accept queue ` +
          (answers === '0' ? 'drops, and sends no reset' : 'resets new connections'),
      ),
      note(
        'sent',
        'FreeBSD counts resets sent only in part, so there is no dimension sent and no alarm on it; ' +
          'what it counts of them is on the chart of causes',
        `DTrace counts all: dtrace -n 'tcp:::send /args[4]->tcp_flags & TH_RST/ { @ = count(); } tick-10s { exit(0); }'`,
      ),
    ]
  }
  return [
    note(
      'syncookies',
      `tcp_syncookies is ${setting('tcp_syncookies')}: ${SYNCOOKIES[setting('tcp_syncookies')] ?? ''}`,
    ),
    note(
      'overflow',
      `tcp_abort_on_overflow is ${setting('tcp_abort_on_overflow')}: a full accept queue ` +
        (setting('tcp_abort_on_overflow') === '1' ? 'resets new connections' : 'drops, and sends no reset'),
    ),
  ]
}

/** Linux, Documentation/networking/ip-sysctl.rst. */
const SYNCOOKIES: Readonly<Record<string, string>> = {
  '0': 'off; a SYN flood fills the queue',
  '1': 'cookies when the SYN queue is full; an ACK with a wrong one gets a reset',
  '2': 'cookies always; an ACK with a wrong one gets a reset',
}

function setting(name: string): string {
  return attempt(() => readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim()) ?? 'not there'
}

function sysctl(name: string): string {
  return spawnSync('sysctl', ['-n', name], { encoding: 'utf8' }).stdout?.trim() || 'not there'
}
