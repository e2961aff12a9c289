import * as layers from './cursor'
import { readEthernet, readEthertype, readMpls, readPpp } from './ethernet'
import { fragments } from './fragments'
import { readIp } from './ip'
import { linkReader } from './link'
import { CUT, type Found, NO_WAY, newPacket, OTHER, type Packet, UNREADABLE } from './packet'
import { readTcp } from './tcp'
import { readTunnel } from './tunnels'

/** A packet can say that there is another one in it as often as it likes. */
const MOST_LAYERS = 32

/** Finds the TCP header in a captured packet, whatever is around it. */
export interface Dissector {
  /** What was found last. `frame`, `file` and `time` are the caller's to set, before the call. */
  readonly packet: Packet
  /**
   * @param link the number of its link type
   * @param port a number for the interface
   * @param wire bytes that it had on the wire
   */
  dissect(bytes: Uint8Array, start: number, end: number, link: number, port: number, wire: number): Found
}

export function dissector(): Dissector {
  const packet = newPacket()
  const cursor: layers.Cursor = {
    packet,
    fragments: fragments(),
    bytes: packet.bytes,
    at: 0,
    end: 0,
    wireEnd: 0,
    protocol: 0,
    length: 0,
  }
  let lastLink = -1
  let readLink = linkReader(lastLink)
  return {
    packet,
    dissect(bytes, start, end, link, port, wire) {
      if (link !== lastLink) {
        lastLink = link
        readLink = linkReader(link)
      }
      if (readLink === undefined) return OTHER
      packet.path = port
      packet.way = NO_WAY
      packet.macHigh = -1
      packet.macLow = 0
      cursor.bytes = bytes
      cursor.at = start
      cursor.end = end
      cursor.wireEnd = Math.max(end, start + wire)
      return readLayers(cursor, readLink(cursor))
    },
  }
}

function readLayers(cursor: layers.Cursor, first: layers.Layer): Found {
  let layer = first
  for (let deep = 0; deep < MOST_LAYERS; deep += 1) {
    switch (layer) {
      case layers.NOTHING:
        return OTHER
      case layers.ETHERNET:
        layer = readEthernet(cursor)
        break
      case layers.ETHERTYPE:
        layer = readEthertype(cursor)
        break
      case layers.PPP:
        layer = readPpp(cursor)
        break
      case layers.MPLS:
        layer = readMpls(cursor)
        break
      case layers.IP:
        layer = readIp(cursor)
        break
      case layers.TRANSPORT:
        if (cursor.protocol === 6) {
          return readTcp(cursor.bytes, cursor.at, cursor.end, cursor.length, cursor.packet)
        }
        layer = readTunnel(cursor)
        break
      case layers.CUT_SHORT:
        return CUT
      case layers.BROKEN:
        return UNREADABLE
    }
  }
  return OTHER
}
