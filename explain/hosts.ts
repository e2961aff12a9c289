import { type Address, addressText, ipv4At, ipv6At } from './packet/address'
import type { Packet } from './packet/packet'
import type { Ttls } from './ttls'

// What is known of an address over all of its connections: all there is to compare a refusal with.

export interface Host {
  /** Its number in the table of connections. */
  readonly id: number
  readonly address: Address
  /** TTLs of its packets, without resets and SYNs; none before the first. */
  ttls: Ttls | undefined
  /** Its latest IP ID that is not 0, and of which connection that was. */
  ipId: number
  ipIdOf: number
  /** How often an ID went on from the one before, and how often that was another connection's. */
  steps: number
  shared: number
  /** Its packets, without resets, that the capturing host received, and those that it sent without having received them. */
  came: number
  began: number
  /** The Ethernet addresses that its packets come from, the first two. */
  readonly macs: { high: number; low: number; packets: number }[]
}

export interface Hosts {
  /** The host whose address is at that place in the packet's bytes. */
  find(packet: Packet, at: number): Host
  readonly size: number
  /** Forgets all others. */
  keep(wanted: readonly Host[]): void
}

export function hosts(): Hosts {
  const v4 = new Map<number, Host>()
  const v6 = new Map<string, Host>()
  let last = 0

  function add(address: Address): Host {
    last += 1
    return {
      id: last,
      address,
      ttls: undefined,
      ipId: 0,
      ipIdOf: 0,
      steps: 0,
      shared: 0,
      came: 0,
      began: 0,
      macs: [],
    }
  }

  return {
    find({ bytes, version }, at) {
      if (version === 4) {
        const key = ipv4At(bytes, at)
        let host = v4.get(key)
        if (host === undefined) {
          host = add(key)
          v4.set(key, host)
        }
        return host
      }
      const key = ipv6At(bytes, at)
      let host = v6.get(key)
      if (host === undefined) {
        host = add(key)
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

/** The address of a host as people write it. */
export function nameOf({ address }: Host): string {
  return addressText(address)
}

/** Follows the IP IDs of a host, which some count over all of their connections. */
export function countIpId(host: Host, ipId: number, connection: number): void {
  const step = (ipId - host.ipId) & 0xffff
  if (host.ipId !== 0 && step > 0 && step <= 16) {
    host.steps += 1
    if (host.ipIdOf !== connection) host.shared += 1
  }
  host.ipId = ipId
  host.ipIdOf = connection
}

/** Two routers may share the way to a host; more are not told apart. */
const MOST_MACS = 2

/** Counts a packet under the Ethernet address that it comes from. */
export function countMac({ macs }: Host, { macHigh, macLow }: Packet): void {
  for (const mac of macs) {
    if (mac.high === macHigh && mac.low === macLow) {
      mac.packets += 1
      return
    }
  }
  if (macs.length < MOST_MACS) macs.push({ high: macHigh, low: macLow, packets: 1 })
}
