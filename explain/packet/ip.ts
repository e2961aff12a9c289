import { BROKEN, CUT_SHORT, type Cursor, type Layer, NOTHING, TRANSPORT } from './cursor'
import { i32, u16 } from './numbers'

const TCP_NUMBER = 6

/** An IP header, of the version that its first four bits say. */
export function readIp(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (at >= end) return NOTHING
  const version = (bytes[at] as number) >> 4
  if (version === 4) return readIpv4(cursor)
  return version === 6 ? readIpv6(cursor) : NOTHING
}

/** RFC 791. */
function readIpv4(cursor: Cursor): Layer {
  const { bytes, at, end, packet } = cursor
  // Up to the protocol: what is cut before that is nobody's.
  if (end - at < 10) return NOTHING
  const header = ((bytes[at] as number) & 15) * 4
  const protocol = bytes[at + 9] as number
  const isTcp = protocol === TCP_NUMBER
  if (end - at < 20) return isTcp ? CUT_SHORT : NOTHING
  // Frames are padded, so the length goes before theirs; but no more can have come than there was on the wire. 0 is what
  // the host leaves there for a card that cuts the segments itself (TSO).
  const onWire = cursor.wireEnd - at
  const total = Math.min(u16(bytes, at + 2) || onWire, onWire)
  if (header < 20 || total < header) return isTcp ? BROKEN : NOTHING
  packet.version = 4
  packet.source = at + 12
  packet.destination = at + 16
  packet.ttl = bytes[at + 8] as number
  packet.ipId = u16(bytes, at + 4)
  cursor.end = Math.min(end, at + total)
  cursor.at = at + header
  cursor.length = total - header
  cursor.protocol = protocol
  const fragment = u16(bytes, at + 6)
  if ((fragment & 0x3fff) === 0) return TRANSPORT
  const id = packet.ipId | (protocol << 16)
  return join(cursor, at, header, id, (fragment & 0x1fff) * 8, (fragment & 0x2000) !== 0)
}

const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const AUTHENTICATION = 51
const DESTINATION = 60
const MOBILITY = 135

/** RFC 8200, with the extension headers that can stand before TCP. */
function readIpv6(cursor: Cursor): Layer {
  const { bytes, at, end, packet } = cursor
  if (end - at < 40) return end - at >= 7 && bytes[at + 6] === TCP_NUMBER ? CUT_SHORT : NOTHING
  const payload = u16(bytes, at + 4)
  const stop = payload === 0 ? cursor.wireEnd : Math.min(at + 40 + payload, cursor.wireEnd)
  packet.version = 6
  packet.source = at + 8
  packet.destination = at + 24
  packet.ttl = bytes[at + 7] as number
  packet.ipId = -1
  cursor.end = Math.min(end, stop)
  let next = bytes[at + 6] as number
  let here = at + 40
  for (;;) {
    cursor.at = here
    cursor.length = stop - here
    cursor.protocol = next
    const isOptions = next === HOP_BY_HOP || next === ROUTING || next === DESTINATION || next === MOBILITY
    if (!isOptions && next !== AUTHENTICATION && next !== FRAGMENT) return TRANSPORT
    if (here + 8 > cursor.end) return NOTHING
    const size = bytes[here + 1] as number
    next = bytes[here] as number
    if (cursor.protocol === FRAGMENT) {
      const fragment = u16(bytes, here + 2)
      cursor.at = here + 8
      cursor.length -= 8
      cursor.protocol = next
      // An atomic fragment (RFC 6946) is whole.
      if ((fragment & 0xfff9) !== 0) {
        return join(cursor, at, 40, i32(bytes, here + 4), fragment & 0xfff8, (fragment & 1) !== 0)
      }
      here += 8
    } else here += isOptions ? (size + 1) * 8 : (size + 2) * 4
  }
}

/** Keeps a fragment; with the last one that was missing, goes on in the whole. */
function join(
  cursor: Cursor,
  start: number,
  header: number,
  id: number,
  offset: number,
  more: boolean,
): Layer {
  const { bytes, packet, protocol } = cursor
  const isIpv6 = packet.version === 6
  const whole = cursor.fragments.add(
    bytes.subarray(start, start + header),
    bytes.subarray(packet.source, isIpv6 ? packet.source + 32 : packet.source + 8),
    { bytes: bytes.subarray(cursor.at, cursor.end), length: cursor.length, id, offset, more },
    packet.time,
  )
  if (whole === undefined) return NOTHING
  packet.source = isIpv6 ? 8 : 12
  packet.destination = isIpv6 ? 24 : 16
  packet.ttl = whole[isIpv6 ? 7 : 8] as number
  const begin = isIpv6 ? 40 : ((whole[0] as number) & 15) * 4
  cursor.bytes = whole
  cursor.at = begin
  cursor.end = whole.length
  cursor.wireEnd = whole.length
  cursor.length = whole.length - begin
  cursor.protocol = protocol
  return TRANSPORT
}
