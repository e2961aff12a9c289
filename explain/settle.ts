import type { PendingReset, Side } from './connection'
import type { Endpoint, Reset, Rung } from './explanation'
import { nameOf } from './hosts'
import { ACK, FIN, PSH, RST, SYN, URG } from './packet/packet'
import type { Step } from './recent'
import { senderOf } from './sender'

/** The explanation of a reset, from all that was learned of it. */
export function settle(reset: PendingReset, hasFiles: boolean): Reset {
  const { connection, from, to, detail, ipId, flags, text, newData, acksNew, ackedBeyond, synAckAfter } =
    reset
  const client = clientOf(reset)
  const isClientA = client === connection.a
  const side = connection.client === undefined ? undefined : connection.client === from ? 'client' : 'server'
  return {
    frame: reset.frame,
    ...(hasFiles ? { file: reset.file } : {}),
    time: reset.time,
    sinceStart: Math.max(0, reset.time - connection.start),
    stage: reset.stage,
    ...(detail === undefined ? {} : { detail }),
    flags: flagsText(flags),
    from: endpointOf(from),
    to: endpointOf(to),
    ...(side === undefined ? {} : { side }),
    connection: connection.number,
    incarnation: connection.incarnation,
    ignored: [newData, acksNew, ackedBeyond, synAckAfter].some(later => later !== undefined),
    bytesFrom: reset.bytesFrom,
    bytesTo: reset.bytesTo,
    idle: reset.silence,
    ...(reset.silenceAtLeast ? { idleAtLeast: true } : {}),
    ttl: reset.ttl,
    ...(ipId < 0 ? {} : { ipId }),
    seq: reset.seq >>> 0,
    ...((flags & ACK) === 0 ? {} : { ack: reset.ack >>> 0 }),
    window: reset.window,
    ...(text === undefined ? {} : { text }),
    sender: senderOf(reset),
    notes: [...reset.notes, ...mixedTtls(to)],
    ladder: reset.steps.map((step, at) => rung(step, reset, isClientA, at)),
    ladderLeftOut: Math.max(0, connection.packets - reset.steps.length),
  }
}

/** A genuine reset can answer forged data: then the forged packets are the other side's. */
function mixedTtls({ ttls, host }: Side): string[] {
  if (ttls === undefined || ttls.secondCount === 0) return []
  return [
    `The packets of ${nameOf(host)} have different TTLs (${ttls.first} and ${ttls.second}): if some of them are forged, this may be a genuine answer to those.`,
  ]
}

/** The side that opened the connection; where that is not known, the one that looks like it. */
export function clientOf({ connection, from, to, stage, detail }: PendingReset): Side {
  if (connection.client !== undefined) return connection.client
  if (stage === 'only-reset' && detail === 'answer-to-syn') return to
  return from.port > to.port ? from : to
}

export function endpointOf({ host, port }: Side): Endpoint {
  return { address: nameOf(host), port }
}

function rung(step: Step, reset: PendingReset, isClientA: boolean, at: number): Rung {
  const { frame, time, fromA, flags, payload, ttl, ipId } = step
  const isReset = (flags & RST) !== 0
  return {
    frame,
    at: Math.max(0, time - reset.connection.start),
    fromClient: fromA === isClientA,
    flags: rungFlags(flags),
    payload,
    ttl,
    ...(ipId < 0 ? {} : { ipId }),
    ...(isReset ? { reset: at === reset.stepsBefore ? ('this' as const) : ('other' as const) } : {}),
  }
}

const NAMES: readonly (readonly [number, string])[] = [
  [SYN, 'SYN'],
  [FIN, 'FIN'],
  [RST, 'RST'],
  [PSH, 'PSH'],
  [URG, 'URG'],
  [ACK, 'ACK'],
]

function namesOf(flags: number): string[] {
  return NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name)
}

function flagsText(flags: number): string {
  return ['RST', ...namesOf(flags & ~RST)].join('+')
}

/** As people speak of packets: data and bare acknowledgements have no flags, an ACK is only said beside a SYN or a reset. */
function rungFlags(flags: number): string {
  if ((flags & RST) !== 0) return flagsText(flags)
  const names = namesOf(flags & ~(ACK | PSH))
  if ((flags & SYN) !== 0 && (flags & ACK) !== 0) names.push('ACK')
  if (names.length === 0 && (flags & ACK) === 0) return 'null'
  return names.join('+')
}
