import { ahead, type Connection, type Side } from './connection'
import { countIpId, countMac } from './hosts'
import { ACK, FIN, type Packet, SYN } from './packet/packet'
import { timestampOf } from './packet/tcp'
import { addTtl } from './ttls'

/** Whether a SYN opens another connection than the one its addresses and ports had: another number, or after its end. */
export function isNewIncarnation({ a, b, packets }: Connection, me: Side, packet: Packet): boolean {
  if (packets === 0) return false
  if (a.resets + b.resets > 0 || (a.fin && b.fin)) return true
  if (me.hasIsn) return me.isn !== packet.seq
  // Its packets are here and its SYN was not: unless that only came late, this is another one.
  return me.packets > 0 && ahead(me.firstSeq, packet.seq) !== 1
}

/**
 * What a packet that is neither a reset nor a copy changes in its connection.
 *
 * @returns whether it has new payload
 */
export function follow(connection: Connection, me: Side, other: Side, packet: Packet): boolean {
  const { time, flags, seq, payload } = packet
  const gap = time - connection.lastTime
  if (gap > other.silence) other.silence = gap
  me.silence = 0
  connection.lastTime = time
  const isSyn = (flags & SYN) !== 0
  if (isSyn) followSyn(connection, me, other, packet)
  else {
    me.ttls = addTtl(me.ttls, packet)
    me.host.ttls = addTtl(me.host.ttls, packet)
    if ((flags & ACK) !== 0 && connection.client === me && other.synAcks > 0) connection.handshake = true
  }
  if (payload > 0) connection.dataPackets += 1

  countRepeats(me, packet)
  const isNew = countPayload(me, packet)
  if (isNew || (isSyn && (flags & ACK) !== 0)) {
    // Whoever goes on like that did not reset: what says so was ignored, and the next one is a first one.
    me.resets = 0
  }
  const end = (seq + payload + (isSyn ? 1 : 0) + (flags & FIN)) | 0
  if (!me.hasNext || ahead(end, me.next) > 0) {
    me.next = end
    me.hasNext = true
  }
  if ((flags & FIN) !== 0) me.fin = true
  if ((flags & ACK) !== 0) followAck(me, packet.ack)
  other.probes = 0
  other.repeats = 0

  if (me.packets === 0) me.firstSeq = seq
  me.packets += 1
  me.lastTime = time
  me.lastFrame = packet.frame
  me.lastFlags = flags
  me.lastPayload = payload
  followMarks(connection, me, other, packet)
  return isNew
}

/** What a reset changes for those after it. */
export function followReset(me: Side, other: Side, { seq, ttl, ipId, frame }: Packet): void {
  me.resets += 1
  me.lastResetSeq = seq
  me.otherAtReset = other.all
  // Its ID goes on from there, if it is of the same sender as all the rest.
  if (ipId > 0 && ttl === me.ttls?.first) {
    me.ipId = ipId
    me.ipIdFrame = frame
  }
}

function followSyn(connection: Connection, me: Side, other: Side, packet: Packet): void {
  const { flags, seq, payload } = packet
  if ((flags & ACK) === 0) {
    me.syns += 1
    connection.client ??= me
    me.synPayload = payload
  } else {
    me.synAcks += 1
    connection.client ??= other
  }
  me.isn = seq
  me.hasIsn = true
  me.synTtl = packet.ttl
  me.synPath = packet.path
  me.synFrame = packet.frame
}

/**
 * Counts what is new of a payload. What is not: data that was sent before, and probes of a keepalive, which stand one byte
 * below the highest number.
 *
 * @returns whether there was anything new
 */
function countPayload(me: Side, { seq, payload, flags }: Packet): boolean {
  if (!me.hasNext) {
    me.payload += payload
    return payload > 0
  }
  const behind = ahead(me.next, seq)
  if (behind === 1 && payload <= 1 && (flags & (SYN | FIN)) === 0) {
    me.probes += 1
    return false
  }
  const fresh = Math.min(payload, payload - behind)
  if (fresh > 0) {
    me.payload += fresh
    me.repeats = 0
    return true
  }
  return false
}

/** Counts how often the same was sent again with no answer. */
function countRepeats(me: Side, { seq, payload, time, flags }: Packet): void {
  const isSent = payload > 0 || (flags & (SYN | FIN)) !== 0
  if (!isSent || !me.hasNext || ahead(me.next, seq) <= 0) return
  if (me.repeats === 0 || me.repeatedSeq !== seq) {
    me.repeats = 0
    me.repeatedSeq = seq
    me.repeatedSince = time
  }
  me.repeats += 1
}

function followAck(me: Side, ack: number): void {
  me.lastAck = ack
  if (!me.hasAcked) {
    me.acked = ack
    me.hasAcked = true
  } else if (ahead(ack, me.acked) > 0) {
    me.acked = ack
    me.ackGrew = true
  }
}

/** What tells later who sent a reset: IP ID, timestamp, Ethernet address. */
function followMarks({ number }: Connection, me: Side, other: Side, packet: Packet): void {
  const { ipId, time, frame } = packet
  if (ipId > 0) {
    if (ipId === other.lastIpId) me.copiedIds += 1
    me.ipId = ipId
    me.ipIdFrame = frame
    countIpId(me.host, ipId, number)
  }
  me.lastIpId = ipId
  const stamp = timestampOf(packet)
  if (stamp !== undefined) {
    me.stamp = stamp
    me.stampTime = time
    me.stampFrame = frame
  }
  if (packet.macHigh < 0) return
  countMac(me.host, packet)
  if (me.macHigh === -1) {
    me.macHigh = packet.macHigh
    me.macLow = packet.macLow
    me.macFrame = frame
  }
  if (me.macHigh === packet.macHigh && me.macLow === packet.macLow) me.macPackets += 1
  else me.macHigh = SEVERAL
}

/** In place of an Ethernet address. */
const SEVERAL = -2
