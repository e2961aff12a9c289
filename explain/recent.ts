import type { Packet } from './packet/packet'

// The packets of each connection that may still be asked for: its first three, and its last eight. They are in two plain
// arrays for all connections, since as objects they would be most of the memory.

const FIRST = 3
const LAST = 8
const EACH = FIRST + LAST
const FIELDS = 9
const FRAME = 0
const SEQ = 1
const ACKED = 2
const FLAGS = 3
const PAYLOAD = 4
const TTL_ID = 5
const PATH = 6
const MAC = 7
const COUNT = 8

/** One packet of them. */
export interface Step {
  readonly frame: number
  readonly time: number
  readonly fromA: boolean
  readonly flags: number
  readonly payload: number
  readonly ttl: number
  readonly ipId: number
}

/** How a packet is like one that came before. */
export type Likeness = 'not' | 'elsewhere' | 'routed' | 'same'

export interface Recent {
  /** Makes room for a connection. */
  open(): number
  close(slot: number): void
  /** Forgets the packets of a slot. */
  clear(slot: number): void
  add(slot: number, packet: Packet, fromA: boolean): void
  /** Whether a packet is one of these again, and which frame that was. */
  likeness(slot: number, packet: Packet, fromA: boolean): Likeness
  /** The frame that `likeness` last found. */
  readonly like: number
  /** The first and the last packets, in order. */
  steps(slot: number): Step[]
}

/** Seconds within which the same packet may come on another interface, and through a router. */
const ELSEWHERE = 0.005
const ROUTED = 0.3

export function recent(): Recent {
  let room = 256
  let ints = new Int32Array(room * EACH * FIELDS)
  let times = new Float64Array(room * EACH)
  let used = 0
  let like = 0
  const free: number[] = []

  function grow(): void {
    room *= 2
    const moreInts = new Int32Array(room * EACH * FIELDS)
    moreInts.set(ints)
    ints = moreInts
    const moreTimes = new Float64Array(room * EACH)
    moreTimes.set(times)
    times = moreTimes
  }

  /** Where the number of packets of a slot is kept: beside its first packet. */
  const countAt = (slot: number): number => slot * EACH * FIELDS + COUNT
  /** The place of a slot's packet: the first ones stay, the others go round. */
  const placeOf = (slot: number, index: number): number =>
    slot * EACH + (index < FIRST ? index : FIRST + ((index - FIRST) % LAST))

  function stepAt(place: number): Step {
    const at = place * FIELDS
    const flags = ints[at + FLAGS] as number
    const ttlAndId = ints[at + TTL_ID] as number
    return {
      frame: ints[at + FRAME] as number,
      time: times[place] as number,
      fromA: (flags & FROM_A) !== 0,
      flags: (flags >>> 16) & 0x1ff,
      payload: ints[at + PAYLOAD] as number,
      ttl: (ttlAndId >>> 16) & 0xff,
      ipId: ttlAndId < 0 ? -1 : ttlAndId & 0xffff,
    }
  }

  return {
    open() {
      const slot = free.pop() ?? used++
      if (slot >= room) grow()
      ints[countAt(slot)] = 0
      return slot
    },
    close(slot) {
      free.push(slot)
    },
    clear(slot) {
      ints[countAt(slot)] = 0
    },
    add(slot, packet, fromA) {
      const count = ints[countAt(slot)] as number
      ints[countAt(slot)] = count + 1
      const place = placeOf(slot, count)
      const at = place * FIELDS
      times[place] = packet.time
      ints[at + FRAME] = packet.frame
      ints[at + SEQ] = packet.seq
      ints[at + ACKED] = packet.ack
      ints[at + FLAGS] = flagsOf(packet, fromA)
      ints[at + PAYLOAD] = packet.payload
      ints[at + TTL_ID] = ttlAndIdOf(packet)
      ints[at + PATH] = packet.path
      ints[at + MAC] = macOf(packet)
    },
    likeness(slot, packet, fromA) {
      const count = ints[countAt(slot)] as number
      const flags = flagsOf(packet, fromA)
      const { seq, ack, payload, path, ttl, ipId, time } = packet
      for (let index = count - 1; index >= 0 && index >= count - LAST; index -= 1) {
        const place = placeOf(slot, index)
        const at = place * FIELDS
        if (ints[at + SEQ] !== seq || ints[at + FLAGS] !== flags || ints[at + ACKED] !== ack) continue
        const ttlAndId = ints[at + TTL_ID] as number
        const theirs = ttlAndId < 0 ? -1 : ttlAndId & 0xffff
        if (ints[at + PAYLOAD] !== payload || theirs !== ipId) continue
        const apart = Math.abs(time - (times[place] as number))
        like = ints[at + FRAME] as number
        if (apart <= ELSEWHERE) {
          const isSameWay = ints[at + PATH] === path && ints[at + MAC] === macOf(packet)
          if (!isSameWay) return 'elsewhere'
        }
        const hops = ((ttlAndId >>> 16) & 0xff) - ttl
        if (ipId > 0 && hops >= 1 && hops <= 2 && apart <= ROUTED) return 'routed'
        if (apart <= ELSEWHERE && hops === 0) return 'same'
      }
      return 'not'
    },
    get like() {
      return like
    },
    steps(slot) {
      const count = ints[countAt(slot)] as number
      const found: Step[] = []
      for (let index = 0; index < Math.min(count, FIRST); index += 1) found.push(stepAt(placeOf(slot, index)))
      for (let index = Math.max(FIRST, count - LAST); index < count; index += 1) {
        found.push(stepAt(placeOf(slot, index)))
      }
      return found
    },
  }
}

const FROM_A = 1 << 25

/** Window, flags and direction in one number. */
function flagsOf({ window, flags }: Packet, fromA: boolean): number {
  return window | ((flags & 0x1ff) << 16) | (fromA ? FROM_A : 0)
}

/** Negative where there is no IP ID. */
function ttlAndIdOf({ ttl, ipId }: Packet): number {
  return ipId === -1 ? (ttl << 16) | -0x80000000 : (ttl << 16) | ipId
}

function macOf({ macHigh, macLow }: Packet): number {
  return Math.imul(macHigh, 65_599) ^ macLow
}

/** The packet itself, as a step. */
export function stepOf({ frame, time, flags, payload, ttl, ipId }: Packet, fromA: boolean): Step {
  return { frame, time, fromA, flags, payload, ttl, ipId }
}
