import { i32, u16 } from './numbers'
import { CUT, type Found, type Packet, TCP, UNREADABLE } from './packet'

/**
 * Reads a TCP header (RFC 9293, section 3.1).
 *
 * @param length bytes of the segment on the wire, by the IP header
 */
export function readTcp(bytes: Uint8Array, at: number, end: number, length: number, packet: Packet): Found {
  // The flags are in byte 13. A header that was cut behind them still tells what matters.
  if (end - at < 14) return length < 20 ? UNREADABLE : CUT
  const offset = bytes[at + 12] as number
  const header = (offset >> 4) * 4
  if (header < 20 || header > length) return UNREADABLE
  packet.bytes = bytes
  packet.end = end
  packet.sourcePort = u16(bytes, at)
  packet.destinationPort = u16(bytes, at + 2)
  packet.seq = i32(bytes, at + 4)
  packet.ack = i32(bytes, at + 8)
  packet.flags = (bytes[at + 13] as number) | ((offset & 1) << 8)
  packet.window = end - at < 16 ? 0 : u16(bytes, at + 14)
  packet.payload = length - header
  packet.tcp = at
  packet.tcpEnd = at + header
  return TCP
}

/** Where an option's data begins, or 0 if it is not there (or was cut). */
export function findOption({ bytes, end, tcp, tcpEnd }: Packet, kind: number, length: number): number {
  const stop = Math.min(end, tcpEnd)
  for (let at = tcp + 20; at < stop; ) {
    const found = bytes[at] as number
    if (found === 0) return 0
    if (found === 1) {
      at += 1
      continue
    }
    const size = at + 1 < stop ? (bytes[at + 1] as number) : 0
    if (size < 2) return 0
    if (found === kind && size >= length && at + size <= stop) return at + 2
    at += size
  }
  return 0
}

/** The timestamp value of RFC 7323, signed; undefined where there is none. */
export function timestampOf(packet: Packet): number | undefined {
  const { bytes, end, tcp, tcpEnd } = packet
  if (tcpEnd - tcp < 32) return undefined
  // As nearly all stacks lay it out, in every packet behind the handshake: two NOPs, then kind 8 and length 10.
  if (end - tcp >= 28 && i32(bytes, tcp + 20) === 0x0101080a) return i32(bytes, tcp + 24)
  const at = findOption(packet, 8, 10)
  return at === 0 ? undefined : i32(bytes, at)
}
