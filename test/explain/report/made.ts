import type { Explanation, Reset, Rung, Stage } from '../../../explain/explanation'

// Explanations made by hand, for what a report does with them. The real ones are tested where captures are.

const CLIENT = { address: '1.2.0.2', port: 2527 }
const SERVER = { address: '1.2.0.3', port: 6649 }

function rung(frame: number, at: number, fromClient: boolean, flags: string, more: Partial<Rung> = {}): Rung {
  return { frame, at, fromClient, flags, payload: 0, ttl: fromClient ? 64 : 49, ipId: frame + 100, ...more }
}

/** The reset of the example: a forged refusal, ignored. */
export function madeReset(more: Partial<Reset> = {}): Reset {
  return {
    frame: 2,
    time: 1_700_000_000.234,
    sinceStart: 0.234,
    stage: 'refused',
    detail: 'ack-does-not-fit-the-syn',
    flags: 'RST+ACK',
    from: SERVER,
    to: CLIENT,
    side: 'server',
    connection: 1,
    incarnation: 1,
    ignored: true,
    bytesFrom: 0,
    bytesTo: 0,
    ttl: 46,
    ipId: 5461,
    seq: 0,
    ack: 1569339004,
    window: 0,
    sender: {
      is: 'somebody-else',
      confidence: 'strong',
      for: [],
      against: [
        { sign: 'handshake', weight: 3, frame: 3, text: 'the real SYN+ACK of 1.2.0.3 comes 1.03 s later' },
        {
          sign: 'ttl',
          weight: 3,
          value: 46,
          expected: 49,
          frames: [3, 6],
          text: 'TTL 46; its other packets have 49',
        },
      ],
    },
    notes: [],
    ladder: [
      rung(1, 0, true, 'SYN'),
      rung(2, 0.234, false, 'RST+ACK', { ttl: 46, ipId: 5461, reset: 'this' }),
      rung(3, 1.266, false, 'SYN+ACK'),
      rung(4, 301.266, true, '', { payload: 120 }),
    ],
    ladderLeftOut: 2,
    ...more,
  }
}

/** An ordinary refusal, of another connection each. */
export function refusal(connection: number, more: Partial<Reset> = {}): Reset {
  const from = { address: '10.0.0.5', port: 5432 }
  const to = { address: '10.0.0.9', port: 40_000 + connection }
  return madeReset({
    frame: connection * 2,
    connection,
    from,
    to,
    detail: 'first-syn',
    ignored: false,
    sender: {
      is: 'peer-possible',
      confidence: 'weak',
      for: [{ sign: 'ttl', weight: 1, text: 'same TTL as its other packets (64)' }],
      against: [],
    },
    ladder: [
      rung(connection * 2 - 1, 0, true, 'SYN'),
      rung(connection * 2, 0.0001, false, 'RST+ACK', { reset: 'this' }),
    ],
    ladderLeftOut: 0,
    ...more,
  })
}

/** An explanation of these resets; the summary counts them in a plain way. */
export function explanationOf(resets: readonly Reset[], more: Partial<Explanation> = {}): Explanation {
  const counted = resets.filter(({ stage }) => stage !== 'copy')
  const connections = new Set(counted.map(({ connection }) => connection)).size
  const verdict = (is: Reset['sender']['is']): number =>
    new Set(counted.filter(({ sender }) => sender.is === is).map(({ connection }) => connection)).size
  return {
    version: 1,
    capture: {
      files: [{ name: 'a.pcap', format: 'pcap', linkTypes: ['EN10MB'], packets: 400 }],
      packets: 400,
      tcpPackets: 380,
      cutBeforeFlags: 0,
      unreadable: 0,
      connections: 40,
      from: 1_700_000_000,
      to: 1_700_000_060,
      onlyResets: false,
      notes: [],
    },
    resets,
    summary: {
      resets: counted.length,
      copies: resets.length - counted.length,
      repeats: counted.filter(({ stage }) => stage === 'repeat').length,
      connections,
      byStage: byStage(resets),
      byServer:
        counted[0] === undefined
          ? []
          : [{ server: counted[0].from, resets: counted.length, connections, clients: 1 }],
      bySender: {
        'peer-likely': verdict('peer-likely'),
        'peer-possible': verdict('peer-possible'),
        unknown: verdict('unknown'),
        contradictory: verdict('contradictory'),
        'somebody-else-possible': verdict('somebody-else-possible'),
        'somebody-else': verdict('somebody-else'),
      },
      findings: [],
      finding: `${counted.length} resets.`,
    },
    ...more,
  }
}

function byStage(resets: readonly Reset[]): Explanation['summary']['byStage'] {
  const rows = new Map<string, { stage: Stage; detail?: string; resets: number; connections: number }>()
  for (const { stage, detail } of resets) {
    const key = `${stage}/${detail}`
    const row = rows.get(key) ?? { stage, ...(detail && { detail }), resets: 0, connections: 0 }
    rows.set(key, { ...row, resets: row.resets + 1, connections: row.connections + 1 })
  }
  return [...rows.values()]
}
