import type { Packet } from './packet/packet'

// The TTLs (hop limits) of packets that came one way, in little room: the two that are most frequent, as far as one can
// tell without a table, and how many there were of others.

export interface Ttls {
  /** The way that they came; packets of other ways are not counted. */
  path: number
  first: number
  count: number
  /** A frame that has it, and the latest. */
  frame: number
  latest: number
  second: number
  secondCount: number
  secondFrame: number
  others: number
}

/** Counts the TTL of a packet. @returns the counts, new ones where there were none */
export function addTtl(counted: Ttls | undefined, packet: Packet): Ttls {
  const ttls = counted ?? newTtls(packet)
  const { ttl, path, frame } = packet
  if (path !== ttls.path) return ttls
  if (ttl === ttls.first) {
    ttls.count += 1
    ttls.latest = frame
  } else if (ttls.second === -1 || ttl === ttls.second) {
    if (ttls.second === -1) ttls.secondFrame = frame
    ttls.second = ttl
    ttls.secondCount += 1
  } else ttls.others += 1
  return ttls
}

function newTtls({ ttl, path, frame }: Packet): Ttls {
  return {
    path,
    first: ttl,
    count: 0,
    frame,
    latest: 0,
    second: -1,
    secondCount: 0,
    secondFrame: 0,
    others: 0,
  }
}

/** The TTL that nearly all of the packets have, and frames to see it in. */
export interface TtlReference {
  readonly ttl: number
  readonly packets: number
  /** No more than one in ten has another. */
  readonly steady: boolean
  readonly frames: readonly number[]
}

export function ttlReference(ttls: Ttls | undefined, path: number): TtlReference | undefined {
  if (ttls === undefined || ttls.path !== path) return undefined
  const all = ttls.count + ttls.secondCount + ttls.others
  const isFirst = ttls.count >= ttls.secondCount
  const packets = isFirst ? ttls.count : ttls.secondCount
  const frames = isFirst ? [ttls.frame, ttls.latest] : [ttls.secondFrame]
  return {
    ttl: isFirst ? ttls.first : ttls.second,
    packets,
    steady: packets >= all * 0.9,
    frames: [...new Set(frames)],
  }
}

/** How many packets had that TTL, as far as that is known. */
export function countOf(ttls: Ttls | undefined, ttl: number): number {
  if (ttls?.first === ttl) return ttls.count
  return ttls?.second === ttl ? ttls.secondCount : 0
}
