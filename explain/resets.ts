import { ahead, type Connection, type IpIdFit, type PendingReset, type Side } from './connection'
import { ACK, FIN, IN, OUT, type Packet, RST, SYN } from './packet/packet'
import { findOption, timestampOf } from './packet/tcp'
import { type Recent, stepOf } from './recent'
import { expectedAck, isStray, silenceOf, type When } from './stage'

// From the packet of a reset to what is kept of it, and what that learns from the packets after it.

/** Of a connection's resets, so many still learn. A volley of thousands says no more than its last ones. */
const MOST_LEARNING = 16
/** Packets of the ladder after the reset. */
const STEPS_AFTER = 5
const MOST_TEXT = 200

export function pend(
  connection: Connection,
  me: Side,
  other: Side,
  packet: Packet,
  { stage, detail }: { stage: When['stage']; detail?: string },
  recent: Recent,
): PendingReset {
  const fit = ipIdFit(connection, me, other, packet)
  const before = recent.steps(connection.slot)
  const text = textOf(packet)
  return {
    connection,
    from: me,
    to: other,
    file: packet.file,
    frame: packet.frame,
    time: packet.time,
    stage,
    detail,
    flags: packet.flags,
    seq: packet.seq,
    ack: packet.ack,
    window: packet.window,
    ttl: packet.ttl,
    ipId: packet.ipId,
    path: packet.path,
    macHigh: packet.macHigh,
    macLow: packet.macLow,
    text,
    notes: [...strayNote(me, other, packet), ...notesOf(packet, text)],
    silence: silenceOf(connection, me, packet),
    silenceAtLeast: me.packets === 0,
    bytesFrom: me.payload,
    bytesTo: other.payload,
    next: me.hasNext ? me.next : packet.seq,
    nextKnown: me.hasNext,
    isStray: isStray(me, other, packet),
    otherAll: other.all,
    otherAcked: other.hasAcked ? other.acked : undefined,
    ...fit,
    stampFits: stampFits(me, packet),
    stampFrame: me.stampFrame,
    expectedAck: stage === 'refused' ? expectedAck(other, packet) : undefined,
    synFrame: other.synFrame,
    steps: [...before, stepOf(packet, me === connection.a)],
    stepsBefore: before.length,
    came: packet.way === IN,
    went: packet.way === OUT,
    row: undefined,
    otherNew: undefined,
    newData: undefined,
    sentAgain: undefined,
    acksNew: undefined,
    ackedBeyond: undefined,
    synAckAfter: undefined,
  }
}

/** Lets a reset learn from what comes after it. */
export function learn(connection: Connection, reset: PendingReset): void {
  connection.open = [...connection.open.slice(1 - MOST_LEARNING), reset]
  teachRow(connection.open, reset)
}

/** Seconds that a row of resets takes: what comes later has another cause. */
const ROW = 1

/**
 * A host that resets has one number at which it stands, and what it answers has others, all of which were acknowledged.
 * Resets in a row with several numbers beyond all that are of somebody who guesses.
 */
function teachRow(open: Connection['open'], { from, time, otherAll }: PendingReset): void {
  const row = open.filter(
    reset => reset.from === from && reset.otherAll === otherAll && time - reset.time <= ROW,
  )
  const guessed = new Set(row.filter(isBeyondAll).map(({ seq }) => seq))
  const [first] = row
  if (guessed.size < 2 || first === undefined) return
  for (const reset of row) reset.row = first
}

function isBeyondAll({ seq, next, nextKnown, otherAcked }: PendingReset): boolean {
  return nextKnown && ahead(seq, next) > 0 && (otherAcked === undefined || ahead(seq, otherAcked) > 0)
}

/** Seconds after which no packet that a reset has overtaken, or that answers one, still comes. */
const OVERTAKEN = 0.3
/** Bytes that can be on their way. */
const IN_FLIGHT = 1 << 23

/** The number up to which its sender may have sent before it reset, although it is not seen before it. */
function limitOf({ next, seq, time }: PendingReset, now: number): number {
  const more = ahead(seq, next)
  return more > 0 && more <= IN_FLIGHT && now - time < OVERTAKEN ? seq : next
}

/** What the resets of a connection learn from a packet that is no copy. */
export function teach(connection: Connection, me: Side, packet: Packet, isNewData: boolean): void {
  const { frame, time, flags, ack, seq, payload } = packet
  const isReset = (flags & RST) !== 0
  const isSent = payload > 0 || (flags & (SYN | FIN)) !== 0
  for (const reset of connection.open) {
    if (reset.steps.length <= reset.stepsBefore + STEPS_AFTER)
      reset.steps.push(stepOf(packet, me === connection.a))
    // What is only behind it in the file came before it.
    if (isReset || reset.isStray || time < reset.time) continue
    const limit = limitOf(reset, time)
    if (me === reset.from) {
      if (isNewData && ahead(seq + payload, limit) > 0) reset.newData ??= { frame, time }
      else if (isSent && time - reset.time >= OVERTAKEN) reset.sentAgain ??= { frame, time }
      if ((flags & ACK) !== 0 && reset.otherNew !== undefined && ahead(ack, reset.otherNew) > 0) {
        reset.acksNew ??= { frame, time }
        // It was ignored, and the next one is a first one.
        me.resets = 0
      }
      if (reset.stage === 'refused' && (flags & (SYN | ACK)) === (SYN | ACK))
        reset.synAckAfter ??= { frame, time }
    } else {
      if (isNewData) reset.otherNew ??= seq
      if ((flags & ACK) !== 0 && reset.nextKnown && ahead(ack, limit) > 0)
        reset.ackedBeyond ??= { frame, time }
    }
  }
}

/** Of Scapy, and of ZMap and Masscan. */
const CONSTANT_IDS: readonly number[] = [1, 54_321]
/** How far an IP ID may have gone on since the host's last packet that is here. */
const IN_STEP = 64
/** The same, over all of its connections. */
const NEAR = 256

function ipIdFit(
  { number }: Connection,
  me: Side,
  other: Side,
  { ipId }: Packet,
): { ipIdFit: IpIdFit; ipIdFrame: number } {
  if (ipId <= 0) return { ipIdFit: 'none', ipIdFrame: 0 }
  // A stack that always sends the ID back does not count, nor does an ID that tools put into all they send.
  if (ipId === other.lastIpId && me.copiedIds === 0 && !CONSTANT_IDS.includes(ipId)) {
    return { ipIdFit: 'copied', ipIdFrame: other.lastFrame }
  }
  const { host } = me
  const step = (ipId - me.ipId) & 0xffff
  if (me.ipId !== 0 && step > 0 && step <= IN_STEP) {
    return { ipIdFit: host.shared * 4 > host.steps ? 'host-wide' : 'in-step', ipIdFrame: me.ipIdFrame }
  }
  const ofHost = (ipId - host.ipId) & 0xffff
  if (me.ipId === 0 && host.ipId !== 0 && host.ipIdOf !== number && ofHost > 0 && ofHost <= NEAR) {
    return { ipIdFit: 'host-wide', ipIdFrame: 0 }
  }
  return { ipIdFit: 'none', ipIdFrame: 0 }
}

/** Clocks of timestamps tick between once a second and once a millisecond (RFC 7323, section 5.4), some faster. */
function stampFits(me: Side, packet: Packet): boolean {
  const stamp = timestampOf(packet)
  if (stamp === undefined || Number.isNaN(me.stamp)) return false
  const step = ahead(stamp, me.stamp)
  return step >= 0 && step <= (packet.time - me.stampTime) * 1100 + 1000
}

/** The readable part of the payload that a reset may have (RFC 9293, section 3.5.3: the reason). */
function textOf({ bytes, end, tcpEnd, payload }: Packet): string | undefined {
  const stop = Math.min(end, tcpEnd + payload)
  if (stop <= tcpEnd) return undefined
  const text = Buffer.from(bytes.subarray(tcpEnd, Math.min(stop, tcpEnd + MOST_TEXT))).toString('latin1')
  const printable = /[\x20-\x7e\t\r\n]{4,}/.exec(text)
  return printable?.[0]
}

/** RFC 8684, section 3.6. */
const MPTCP_REASONS = [
  'unspecified error',
  'MPTCP-specific error',
  'lack of resources',
  'administratively prohibited',
  'too much outstanding data',
  'unacceptable performance',
  'middlebox interference',
]

function strayNote(me: Side, other: Side, packet: Packet): string[] {
  if (me.synAcks === 0 || me.payload > 0 || !isStray(me, other, packet)) return []
  return [
    'It answers a packet that acknowledges what was never sent. Such a reset ends nothing: the handshake may go on.',
  ]
}

function notesOf(packet: Packet, text: string | undefined): string[] {
  const notes: string[] = []
  if (packet.payload > 0 && text === undefined) {
    notes.push(`It carries ${packet.payload} bytes of payload, which a host's own reset rarely does.`)
  }
  if (text !== undefined)
    notes.push('It carries text: some load balancers and filters name themselves there.')
  const mptcp = findOption(packet, 30, 4)
  if (mptcp !== 0 && (packet.bytes[mptcp] as number) >> 4 === 8) {
    const reason = packet.bytes[mptcp + 1] as number
    notes.push(`MPTCP gives a reason for it: ${MPTCP_REASONS[reason] ?? `number ${reason}`}.`)
  }
  const { window } = packet
  if ((window >= 8196 && window <= 8300) || (window >= 9000 && window <= 9900)) {
    notes.push(
      `Its window, ${window}, is in the range in which a NetScaler puts the code of its reason for a reset.`,
    )
  }
  return notes
}
