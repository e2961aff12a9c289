import type { Fragments } from './fragments'
import type { Packet } from './packet'

// Where in a packet the reading is. Each reader of a layer moves it on, and answers what comes next: so layers can lie in
// each other in any order, and as deep as the loop that calls the readers allows.

/** Nothing that is read here. */
export const NOTHING = 0
export const ETHERNET = 1
/** What `protocol` says, as an EtherType. */
export const ETHERTYPE = 2
export const PPP = 3
export const MPLS = 4
/** IPv4 or IPv6, as the first four bits say. */
export const IP = 5
/** What `protocol` says, as a protocol of IP, in `length` bytes. */
export const TRANSPORT = 6
/** TCP without its flags, and what says that it is TCP and cannot be. */
export const CUT_SHORT = 7
export const BROKEN = 8
export type Layer = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

export interface Cursor {
  readonly packet: Packet
  readonly fragments: Fragments
  bytes: Uint8Array
  at: number
  end: number
  /** Where the packet ended on the wire, for headers that leave their length to the network card. */
  wireEnd: number
  protocol: number
  length: number
}

/** Makes the path a different one for what comes next. */
export function through({ packet }: Cursor, what: number): void {
  packet.path = (Math.imul(packet.path, 31) + what) | 0
}
