import { type Cursor, ETHERNET, ETHERTYPE, IP, type Layer, NOTHING, PPP, through } from './cursor'
import { i32, u16 } from './numbers'
import { IN, NO_WAY, OUT, type Way } from './packet'

type ReadLink = (cursor: Cursor) => Layer

const ip: ReadLink = () => IP

const skip =
  (bytes: number, layer: Layer): ReadLink =>
  cursor => {
    cursor.at += bytes
    return layer
  }

/** The type of a packet of a "cooked" link: to this host, to all, to a group; to another one; from this host. */
function wayOf(type: number): Way {
  if (type === 4) return OUT
  return type < 3 ? IN : NO_WAY
}

/** Linux' "cooked" link. There is no interface in it: direction and the sender's address tell the copies apart. */
function readSll(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 16) return NOTHING
  through(cursor, u16(bytes, at))
  cursor.packet.way = wayOf(u16(bytes, at))
  through(cursor, i32(bytes, at + 8))
  cursor.protocol = u16(bytes, at + 14)
  cursor.at = at + 16
  return ETHERTYPE
}

/** Its second version, with the interface, as `tcpdump -i any` writes it today. */
function readSll2(cursor: Cursor): Layer {
  const { bytes, at, end } = cursor
  if (end - at < 20) return NOTHING
  through(cursor, i32(bytes, at + 4))
  through(cursor, bytes[at + 10] as number)
  cursor.packet.way = wayOf(bytes[at + 10] as number)
  cursor.protocol = u16(bytes, at)
  cursor.at = at + 20
  return ETHERTYPE
}

/** The links that are read, by their numbers (https://www.tcpdump.org/linktypes.html). */
const LINKS: Readonly<Record<number, readonly [name: string, read: ReadLink]>> = {
  // The family's number differs between systems and byte orders; the IP version behind it does not.
  0: ['NULL', skip(4, IP)],
  1: ['EN10MB', () => ETHERNET],
  9: ['PPP', () => PPP],
  // 12 and 14 are what BSDs call 101.
  12: ['RAW', ip],
  14: ['RAW', ip],
  50: ['PPP_SERIAL', () => PPP],
  51: ['PPP_ETHER', skip(6, PPP)],
  101: ['RAW', ip],
  108: ['LOOP', skip(4, IP)],
  113: ['LINUX_SLL', readSll],
  228: ['IPV4', ip],
  229: ['IPV6', ip],
  276: ['LINUX_SLL2', readSll2],
}

/** How tcpdump calls a link, or its number. */
export function linkName(type: number): string {
  return LINKS[type]?.[0] ?? `link type ${type}`
}

/** What reads the frames of a link; undefined where nothing does. */
export function linkReader(type: number): ReadLink | undefined {
  return LINKS[type]?.[1]
}
