// One TCP segment, as far as resets are concerned. There is a single one of these, filled again for each packet: at half
// a million packets a second, an object for each of them would be most of the work.

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10
export const URG = 0x20

export const NO_WAY = 0
export const IN = 1
export const OUT = 2
export type Way = typeof NO_WAY | typeof IN | typeof OUT

export interface Packet {
  /** The captured bytes, and where in them the packet ends. Only lent: the next packet may be in the same memory. */
  bytes: Uint8Array
  end: number
  /** From 1, within its file. */
  frame: number
  /** Index of the file. */
  file: number
  /** Seconds since 1970. */
  time: number
  /** 4 or 6, and where the addresses begin. */
  version: number
  source: number
  destination: number
  sourcePort: number
  destinationPort: number
  /** Both are signed: `>>> 0` where they are shown. */
  seq: number
  ack: number
  /** The low 8 bits of the flags, and NS as bit 8. */
  flags: number
  window: number
  /** Bytes of payload on the wire, whether they were captured or not. */
  payload: number
  /** Where the TCP header begins, and where it ends: behind it is the payload. Beyond `end` if the header was cut. */
  tcp: number
  tcpEnd: number
  ttl: number
  /** The IPv4 identification; -1 for IPv6. */
  ipId: number
  /** A number for the interface and all that is around the innermost IP header. Equal numbers, equal ways. */
  path: number
  /** Whether the host that captured it received or sent it, where the link says so. */
  way: Way
  /** The innermost Ethernet source address, in two pieces; -1 where there is none. */
  macHigh: number
  macLow: number
}

export function newPacket(): Packet {
  return {
    bytes: new Uint8Array(0),
    end: 0,
    frame: 0,
    file: 0,
    time: 0,
    version: 4,
    source: 0,
    destination: 0,
    sourcePort: 0,
    destinationPort: 0,
    seq: 0,
    ack: 0,
    flags: 0,
    window: 0,
    payload: 0,
    tcp: 0,
    tcpEnd: 0,
    ttl: 0,
    ipId: 0,
    path: 0,
    way: NO_WAY,
    macHigh: -1,
    macLow: 0,
  }
}

/** What the bytes of a packet turned out to be. */
export const OTHER = 0
export const TCP = 1
/** TCP, but cut before its flags. */
export const CUT = 2
/** TCP by its protocol number, but it cannot be. */
export const UNREADABLE = 3
export type Found = typeof OTHER | typeof TCP | typeof CUT | typeof UNREADABLE
