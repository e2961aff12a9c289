import type { Stage } from './explanation'
import type { Host } from './hosts'
import type { Step } from './recent'
import type { Ttls } from './ttls'

// What is kept of a connection while it is open: one incarnation of two addresses and two ports. Sequence numbers are
// signed 32-bit numbers; `(a - b) | 0` is how far a is ahead of b.

export interface Side {
  host: Host
  port: number
  /** Packets that are neither resets nor copies, and all that are no copies. */
  packets: number
  all: number
  /** SYNs without ACK, and SYN/ACKs. */
  syns: number
  synAcks: number
  /** The number of its SYN or SYN/ACK. */
  isn: number
  hasIsn: boolean
  /** Bytes of data that came with its SYN (TCP Fast Open). */
  synPayload: number
  /** One behind the highest number that it sent; before the first packet there is none. */
  next: number
  hasNext: boolean
  /** The number of its first packet. */
  firstSeq: number
  /** Bytes of new payload. */
  payload: number
  fin: boolean
  /** The highest number that it acknowledged, and whether that ever grew. */
  acked: number
  hasAcked: boolean
  ackGrew: boolean
  /** What it acknowledged last. */
  lastAck: number
  /** Resets that were not ignored, and all. */
  resets: number
  lastResetSeq: number
  /** How many packets the other side had sent when it last reset. */
  otherAtReset: number
  /** The longest silence on the connection since its last packet, in seconds. */
  silence: number
  lastTime: number
  lastFrame: number
  /** Its last packet: what a reset of the other side answers. */
  lastPayload: number
  lastFlags: number
  lastIpId: number
  /** Keepalive probes without an answer. */
  probes: number
  /** How often it sent the same number again without an answer, and since when. */
  repeats: number
  repeatedSeq: number
  repeatedSince: number
  /** TTLs without SYNs; the SYN's own. */
  ttls: Ttls | undefined
  synTtl: number
  synPath: number
  synFrame: number
  /** Its latest IP ID that is not 0, and how often it sent one that the other side's packet had before. */
  ipId: number
  ipIdFrame: number
  copiedIds: number
  /** Its latest timestamp (RFC 7323), and when; NaN before the first. */
  stamp: number
  stampTime: number
  stampFrame: number
  /** The Ethernet address of its packets; -1 before the first, -2 if there were several. */
  macHigh: number
  macLow: number
  macPackets: number
  macFrame: number
}

export interface Connection {
  /** From 1, over the whole capture. */
  number: number
  incarnation: number
  readonly a: Side
  readonly b: Side
  /** Where its last packets are; `GONE` once it has been let go, or another one has its addresses and ports. */
  slot: number
  start: number
  /** When its last packet came that was no reset; NaN before the first. */
  lastTime: number
  /** When anything came. */
  touched: number
  packets: number
  /** The side that opened it, once that is known. */
  client: Side | undefined
  handshake: boolean
  /** Packets with payload, and those of them that were there twice. */
  dataPackets: number
  doubled: number
  /** The latest of its resets, which still learn from what comes. */
  open: readonly PendingReset[]
  /** Kinds of resets that it has had, to count connections by. */
  kinds: readonly string[]
}

export const GONE = -1

/** Something that came afterwards, and where. */
export interface Later {
  readonly frame: number
  readonly time: number
}

/** Whether an IP ID goes on from those of the connection, from those of the host, or is that of the packet it answers. */
export type IpIdFit = 'in-step' | 'host-wide' | 'copied' | 'none'

/**
 * A reset between the packet and its explanation: what was known when it came, and what is learned until its connection is
 * let go.
 */
export interface PendingReset {
  readonly connection: Connection
  readonly from: Side
  readonly to: Side
  readonly file: number
  readonly frame: number
  readonly time: number
  readonly stage: Stage
  readonly detail: string | undefined
  readonly flags: number
  readonly seq: number
  readonly ack: number
  readonly window: number
  readonly ttl: number
  readonly ipId: number
  readonly path: number
  readonly macHigh: number
  readonly macLow: number
  readonly text: string | undefined
  readonly notes: string[]
  readonly silence: number
  /** The sender had sent nothing before: how long it was silent is not known. */
  readonly silenceAtLeast: boolean
  readonly bytesFrom: number
  readonly bytesTo: number
  /** One behind the highest number of its sender when it came. */
  readonly next: number
  readonly nextKnown: boolean
  /** It answers an acknowledgement of what its sender never sent. */
  readonly isStray: boolean
  /** How many packets the other side had sent when it came, and the highest number that it had acknowledged. */
  readonly otherAll: number
  readonly otherAcked: number | undefined
  readonly ipIdFit: IpIdFit
  /** The frame that the IP ID goes on from, or that it was copied from. */
  readonly ipIdFrame: number
  readonly stampFits: boolean
  readonly stampFrame: number
  /** For a refusal whose ack does not fit its SYN: the one that does, and the frame of the SYN. */
  readonly expectedAck: number | undefined
  readonly synFrame: number
  /** The first packets of the connection and the last before this one, then what came after. */
  readonly steps: Step[]
  readonly stepsBefore: number
  /** Whether the capturing host received it, or sent it, also as a copy. */
  came: boolean
  went: boolean
  /** The first of a row of resets whose numbers no host can have. */
  row: Later | undefined
  /** The number of the first new data that the other side sent after it. */
  otherNew: number | undefined
  /**
   * New data of its sender, the same sent again, its acknowledgement of what the other side sent after the reset; an
   * acknowledgement of the other side beyond it; a SYN/ACK of the refusing side.
   */
  newData: Later | undefined
  sentAgain: Later | undefined
  acksNew: Later | undefined
  ackedBeyond: Later | undefined
  synAckAfter: Later | undefined
}

export function newSide(host: Host, port: number): Side {
  return asNew({} as Side, host, port)
}

/**
 * Makes a side what it is before the first packet, perhaps of another connection. Sides are used again:
 * to make millions of them and throw them away would be most of the work in a capture of a scan.
 */
export function asNew(side: Side, host: Host, port: number): Side {
  side.host = host
  side.port = port
  side.packets = 0
  side.all = 0
  side.syns = 0
  side.synAcks = 0
  side.isn = 0
  side.hasIsn = false
  side.synPayload = 0
  side.next = 0
  side.hasNext = false
  side.firstSeq = 0
  side.payload = 0
  side.fin = false
  side.acked = 0
  side.hasAcked = false
  side.ackGrew = false
  side.lastAck = 0
  side.resets = 0
  side.lastResetSeq = 0
  side.otherAtReset = 0
  side.silence = 0
  side.lastTime = Number.NaN
  side.lastFrame = 0
  side.lastPayload = 0
  side.lastFlags = 0
  side.lastIpId = -1
  side.probes = 0
  side.repeats = 0
  side.repeatedSeq = 0
  side.repeatedSince = 0
  side.ttls = undefined
  side.synTtl = -1
  side.synPath = 0
  side.synFrame = 0
  side.ipId = 0
  side.ipIdFrame = 0
  side.copiedIds = 0
  side.stamp = Number.NaN
  side.stampTime = 0
  side.stampFrame = 0
  side.macHigh = -1
  side.macLow = 0
  side.macPackets = 0
  side.macFrame = 0
  return side
}

/** How far `a` is ahead of `b`; negative if it is behind. */
export function ahead(a: number, b: number): number {
  return (a - b) | 0
}
