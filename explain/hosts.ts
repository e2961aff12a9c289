import { addressText } from './packet/address'
import { i32 } from './packet/numbers'
import type { Packet } from './packet/packet'
import { addTtl, newTtls, type Ttls } from './ttls'

// What is known of an address over all of its connections: all there is to compare a refusal with.

export interface Host {
  /** Its number in the table of connections. */
  readonly id: number
  /** 4 or 16 bytes, and as people write them. */
  readonly bytes: Uint8Array
  readonly text: string
  /** TTLs of its packets, without resets and SYNs. */
  readonly ttls: Ttls
  /** Its latest IP ID that is not 0, in which connection that was, and how often the connection changed between two IDs in a row. */
  ipId: number
  ipIdOf: number
  steps: number
  shared: number
}

export interface Hosts {
  find(packet: Packet, at: number): Host
  readonly size: number
  /** Forgets all others. */
  keep(wanted: readonly Host[]): void
}

export function hosts(): Hosts {
  const v4 = new Map<number, Host>()
  const v6 = new Map<string, Host>()
  let last = 0

  function newHost(bytes: Uint8Array): Host {
    last += 1
    return {
      id: last,
      bytes,
      text: addressText(bytes),
      ttls: newTtls(),
      ipId: 0,
      ipIdOf: 0,
      steps: 0,
      shared: 0,
    }
  }

  return {
    find({ bytes, version }, at) {
      if (version === 4) {
        const key = i32(bytes, at)
        let host = v4.get(key)
        if (host === undefined) {
          host = newHost(bytes.slice(at, at + 4))
          v4.set(key, host)
        }
        return host
      }
      const key = textOf(bytes, at)
      let host = v6.get(key)
      if (host === undefined) {
        host = newHost(bytes.slice(at, at + 16))
        v6.set(key, host)
      }
      return host
    },
    get size() {
      return v4.size + v6.size
    },
    keep(wanted) {
      const keep = new Set(wanted)
      for (const [key, host] of v4) if (!keep.has(host)) v4.delete(key)
      for (const [key, host] of v6) if (!keep.has(host)) v6.delete(key)
    },
  }
}

/** 16 bytes as a key. */
function textOf(bytes: Uint8Array, at: number): string {
  let key = ''
  for (let end = at + 16; at < end; at += 2) {
    key += String.fromCharCode(((bytes[at] as number) << 8) | (bytes[at + 1] as number))
  }
  return key
}

/** Counts a packet that is no reset. */
export function seenAt(host: Host, packet: Packet, connection: number): void {
  if (packet.ipId <= 0) return
  const step = (packet.ipId - host.ipId) & 0xffff
  if (host.ipId !== 0 && step > 0 && step <= 16) {
    host.steps += 1
    if (host.ipIdOf !== connection) host.shared += 1
  }
  host.ipId = packet.ipId
  host.ipIdOf = connection
}

/** Counts the TTL of a packet that is neither reset nor SYN. */
export function countTtl(host: Host, packet: Packet): void {
  addTtl(host.ttls, packet)
}
