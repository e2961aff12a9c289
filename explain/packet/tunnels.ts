import { type Cursor, ETHERNET, ETHERTYPE, IP, type Layer, MPLS, NOTHING, PPP, through } from './cursor'
import { u16 } from './numbers'

// What IP carries that carries IP again.

/** A tunnel by its protocol number of IP. */
export function readTunnel(cursor: Cursor): Layer {
  switch (cursor.protocol) {
    case 4:
    case 41:
      through(cursor, cursor.protocol)
      return IP
    case 17:
      return readUdp(cursor)
    case 47:
      return readGre(cursor)
    case 97:
      // EtherIP, RFC 3378.
      through(cursor, 97)
      cursor.at += 2
      return ETHERNET
    case 137:
      return MPLS
    default:
      return NOTHING
  }
}

/** RFC 2784 and 2890; Cisco's ERSPAN (draft-foschiano-erspan), and PPTP's version 1 (RFC 2637). */
function readGre(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 4) return NOTHING
  const flags = u16(bytes, at)
  const has = (bits: number): number => ((flags & bits) === 0 ? 0 : 4)
  through(cursor, 47)
  cursor.protocol = u16(bytes, at + 2)
  // Checksum or routing, key, sequence number; in version 1 an acknowledgement too.
  cursor.at = at + 4 + has(0xc000) + has(0x2000) + has(0x1000) + ((flags & 7) === 1 ? has(0x0080) : 0)
  switch (cursor.protocol) {
    case 0x88be:
      // Type II has a sequence number in GRE, and a header of its own. Type I has neither.
      if (has(0x1000) !== 0) cursor.at += 8
      return ETHERNET
    case 0x22eb: {
      // Type III, perhaps with a subheader of its platform.
      if (cursor.at + 12 > end) return NOTHING
      const hasMore = ((bytes[cursor.at + 11] as number) & 1) === 1
      cursor.at += hasMore ? 20 : 12
      return ETHERNET
    }
    case 0x880b:
      return PPP
    default:
      return ETHERTYPE
  }
}

const VXLAN = 4789
/** Linux' own number for it, before there was a right one. */
const OLD_VXLAN = 8472
const GENEVE = 6081
const GTP = 2152
const TEREDO = 3544

/** The tunnels over UDP, by their ports. */
function readUdp(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 8) return NOTHING
  const source = u16(bytes, at)
  const destination = u16(bytes, at + 2)
  cursor.at = at + 8
  if (destination === VXLAN || destination === OLD_VXLAN) return readVxlan(cursor)
  if (destination === GENEVE) return readGeneve(cursor)
  if (destination === GTP || source === GTP) return readGtp(cursor)
  return destination === TEREDO || source === TEREDO ? readTeredo(cursor) : NOTHING
}

/** RFC 7348. */
function readVxlan(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 8 || ((bytes[at] as number) & 8) === 0) return NOTHING
  through(cursor, VXLAN)
  cursor.at = at + 8
  return ETHERNET
}

/** RFC 8926. */
function readGeneve(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 8) return NOTHING
  through(cursor, GENEVE)
  cursor.protocol = u16(bytes, at + 2)
  cursor.at = at + 8 + ((bytes[at] as number) & 0x3f) * 4
  return ETHERTYPE
}

/** GTP-U, 3GPP TS 29.281, section 5. */
function readGtp(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 12) return NOTHING
  const flags = bytes[at] as number
  // Version 1, GTP and not GTP', and a G-PDU.
  if ((flags & 0xf0) !== 0x30 || bytes[at + 1] !== 255) return NOTHING
  let here = at + 8
  if ((flags & 7) !== 0) {
    let next = (flags & 4) === 0 ? 0 : (bytes[at + 11] as number)
    here += 4
    while (next !== 0) {
      const size = here < end ? (bytes[here] as number) * 4 : 0
      if (size === 0 || here + size > end) return NOTHING
      next = bytes[here + size - 1] as number
      here += size
    }
  }
  through(cursor, GTP)
  cursor.at = here
  return IP
}

/** RFC 4380, section 5.1.1: IPv6, perhaps behind an authentication and an origin indication. */
function readTeredo(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  let here = at
  if (end - here >= 4 && u16(bytes, here) === 1) {
    here += 13 + (bytes[here + 2] as number) + (bytes[here + 3] as number)
  }
  if (end - here >= 8 && u16(bytes, here) === 0) here += 8
  if (here >= end || (bytes[here] as number) >> 4 !== 6) return NOTHING
  through(cursor, TEREDO)
  cursor.at = here
  return IP
}
