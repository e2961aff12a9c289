import { type Cursor, ETHERNET, ETHERTYPE, IP, type Layer, MPLS, NOTHING, PPP, through } from './cursor'
import { i32, u16 } from './numbers'

// What lies between a link and IP.

/** Transparent Ethernet bridging, as GRE and GENEVE call it. */
const BRIDGED = 0x6558

/** A frame of Ethernet. */
export function readEthernet(cursor: Cursor): Layer {
  const { bytes, at, end, packet } = cursor
  if (end - at < 14) return NOTHING
  packet.macHigh = u16(bytes, at + 6)
  packet.macLow = i32(bytes, at + 8)
  cursor.at = at + 14
  cursor.protocol = u16(bytes, at + 12)
  return cursor.protocol === 0x0800 ? IP : ETHERTYPE
}

/** What an EtherType says that it is. */
export function readEthertype(cursor: Cursor): Layer {
  const { bytes, at, end, protocol } = cursor
  switch (protocol) {
    case 0x0800:
    case 0x86dd:
      return IP
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
      // VLAN, and VLAN in VLAN.
      if (end - at < 4) return NOTHING
      through(cursor, u16(bytes, at) & 0xfff)
      cursor.protocol = u16(bytes, at + 2)
      cursor.at = at + 4
      return ETHERTYPE
    case 0x8864:
      through(cursor, protocol)
      cursor.at = at + 6
      return PPP
    case 0x8847:
    case 0x8848:
      return MPLS
    case BRIDGED:
      return ETHERNET
    default:
      return protocol <= 1500 ? readLlc(cursor) : NOTHING
  }
}

/** A length in the place of the type (IEEE 802.3): LLC, for IP itself or with SNAP. */
function readLlc(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 8 || bytes[at + 2] !== 3) return NOTHING
  const service = u16(bytes, at)
  if (service === 0x0606) {
    cursor.at = at + 3
    return IP
  }
  cursor.protocol = u16(bytes, at + 6)
  cursor.at = at + 8
  return service === 0xaaaa && cursor.protocol > 1500 ? ETHERTYPE : NOTHING
}

/** A PPP frame (RFC 1661, 1662), with or without address and control, and its protocol in one byte or two. */
export function readPpp(cursor: Cursor): Layer {
  const { bytes, end } = cursor
  if (end - cursor.at < 4) return NOTHING
  if (u16(bytes, cursor.at) === 0xff03) cursor.at += 2
  const isShort = ((bytes[cursor.at] as number) & 1) === 1
  const protocol = isShort ? (bytes[cursor.at] as number) : u16(bytes, cursor.at)
  cursor.at += isShort ? 1 : 2
  if (protocol === 0x21 || protocol === 0x57) return IP
  return protocol === 0x281 ? MPLS : NOTHING
}

/** A stack of labels (RFC 3032); what is below it, its first four bits tell. */
export function readMpls(cursor: Cursor): Layer {
  const { bytes, end } = cursor
  for (;;) {
    if (end - cursor.at < 5) return NOTHING
    const label = i32(bytes, cursor.at)
    through(cursor, label >>> 12)
    cursor.at += 4
    if ((label & 0x100) !== 0) break
  }
  const version = (bytes[cursor.at] as number) >> 4
  if (version === 4 || version === 6) return IP
  // A pseudowire's control word (RFC 4385), and Ethernet behind it.
  cursor.at += 4
  return version === 0 ? ETHERNET : NOTHING
}
