import { ahead, type Connection, type Side } from './connection'
import type { Stage } from './explanation'
import { ACK, FIN, type Packet, PSH, SYN, URG } from './packet/packet'

// When in its conversation a reset came: the first that fits, from the top.

export interface When {
  readonly stage: Stage
  readonly detail: string
}

/**
 * @param me the side that the reset names as its sender
 * @param idleSeconds how long a silence is one
 */
export function stageOf(
  connection: Connection,
  me: Side,
  other: Side,
  packet: Packet,
  idleSeconds: number,
): When {
  const { packets } = connection
  if (packets === 0) return { stage: 'only-reset', detail: formOf(packet) }
  if (me.resets > 0) return { stage: 'repeat', detail: repeatOf(me, other, packet) }
  if (other.resets > 0) return { stage: 'after-reset', detail: 'other-side-reset-first' }
  if (isOneDirection(me, other)) {
    return { stage: 'one-direction', detail: outlineOf(connection, me, other, packet, idleSeconds) }
  }
  const isHandshakeSeen = me.syns + me.synAcks + other.syns + other.synAcks > 0
  if (!isHandshakeSeen && me.packets === 0) {
    return { stage: 'unknown-connection', detail: answerTo(other) }
  }
  if (me.fin || other.fin) return { stage: 'closing', detail: finOf(me, other) }
  if (other.syns > 0 && me.packets === 0) {
    return { stage: 'refused', detail: refusalOf(other, packet) }
  }
  if (me.syns > 0 && other.packets === 0) return { stage: 'client-cancelled', detail: 'own-syn-no-answer' }
  if (!connection.handshake || (me.synAcks > 0 && me.payload === 0 && isStray(me, other, packet))) {
    if (other.synAcks > 0) return { stage: 'handshake-aborted', detail: 'client-resets-syn-ack' }
    if (me.synAcks >= 3) return { stage: 'handshake-aborted', detail: 'server-gave-up-syn-ack' }
    if (me.synAcks > 0) return { stage: 'handshake-aborted', detail: 'server-resets' }
  }
  if (silenceOf(connection, me, packet) >= idleSeconds) {
    return { stage: 'idle', detail: silenceEnd(connection, packet, idleSeconds) }
  }
  if (connection.handshake && me.payload === 0 && other.payload === 0) {
    return { stage: 'after-handshake', detail: 'no-data' }
  }
  return { stage: 'abrupt', detail: abruptOf(me, packet, isHandshakeSeen) }
}

/**
 * Before a connection is open, a packet that acknowledges what was never sent gets a reset that ends nothing
 * (RFC 9293, section 3.10.7.4). Such a reset has the number of that packet.
 */
export function isStray(me: Side, other: Side, { flags, seq }: Packet): boolean {
  if ((flags & ACK) !== 0 || !other.hasAcked || !me.hasNext || other.lastAck !== seq) return false
  return ahead(seq, me.next) > 0 || (me.hasIsn && ahead(seq, me.isn) <= 0)
}

/** The longest silence on the connection since the sender's last packet, up to the reset. */
export function silenceOf({ lastTime }: Connection, me: Side, { time }: Packet): number {
  return Math.max(me.silence, time - lastTime, 0) || 0
}

function formOf({ flags, seq, window }: Packet): string {
  if ((flags & ACK) === 0) return 'unknown-connection'
  return seq === 0 && window === 0 ? 'answer-to-syn' : 'abort'
}

function repeatOf(me: Side, other: Side, { seq }: Packet): string {
  if (me.packets === 0 && other.packets === 0) return 'only-resets'
  if (other.all > me.otherAtReset) return 'answers-another-packet'
  return seq === me.lastResetSeq ? 'in-a-row-same-number' : 'in-a-row-other-number'
}

/** Whether one side acknowledges packets of the other that are not here. */
function isOneDirection(me: Side, other: Side): boolean {
  if (other.packets === 0) return me.hasAcked && me.acked !== 0
  if (me.packets > 0 || !other.hasAcked) return false
  // Its SYN was answered, or it acknowledged more and more.
  return other.syns > 0 ? other.acked !== 0 : other.ackGrew
}

function outlineOf(
  connection: Connection,
  me: Side,
  other: Side,
  packet: Packet,
  idleSeconds: number,
): string {
  if (me.fin || other.fin) return 'closing'
  return silenceOf(connection, me, packet) >= idleSeconds ? 'idle' : 'abrupt'
}

function answerTo({ lastFlags, lastPayload }: Side): string {
  const isOdd = (lastFlags & (SYN | FIN)) === (SYN | FIN) || (lastFlags & (PSH | URG)) === (PSH | URG)
  if ((lastFlags & ACK) === 0 || isOdd) return 'answers-probe'
  if ((lastFlags & FIN) !== 0) return 'answers-fin'
  return lastPayload > 0 ? 'answers-data' : 'answers-ack'
}

function finOf(me: Side, other: Side): string {
  if (me.fin && other.fin) return 'both-fin'
  return me.fin ? 'own-fin' : 'other-fin'
}

function refusalOf(other: Side, packet: Packet): string {
  if (expectedAck(other, packet) !== undefined) return 'ack-does-not-fit-the-syn'
  return other.syns === 1 ? 'first-syn' : `after-${other.syns}-syns`
}

/** What a refusal should acknowledge, where it acknowledges something else. Data in the SYN may be acknowledged or not. */
export function expectedAck(other: Side, { flags, ack }: Packet): number | undefined {
  if ((flags & ACK) === 0) return undefined
  const more = ahead(ack, other.isn)
  return more === 1 || more === 1 + other.synPayload ? undefined : (other.isn + 1) | 0
}

function silenceEnd({ lastTime }: Connection, { time }: Packet, idleSeconds: number): string {
  return time - lastTime >= idleSeconds ? 'own-timer' : 'first-packet-after-silence'
}

function abruptOf(me: Side, { time }: Packet, isHandshakeSeen: boolean): string {
  if (me.probes >= 3) return 'gave-up-keepalive'
  if (me.repeats >= 3 && time - me.repeatedSince >= 1) return 'gave-up-retransmitting'
  return isHandshakeSeen ? 'handshake-seen' : 'beginning-not-in-capture'
}
