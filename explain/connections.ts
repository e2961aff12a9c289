import { asNew, type Connection, GONE, newSide } from './connection'
import { type Host, hosts } from './hosts'
import type { Packet } from './packet/packet'
import { type Recent, recent } from './recent'

// The open connections. There may be more of them in a file than in memory, so at MOST_OPEN half of them are let go: those
// that have ended first, and then those that have been quiet for longest.

export const MOST_OPEN = 32_768
/** What most connections have. */
const NO_RESETS: Connection['open'] = []
const NO_KINDS: Connection['kinds'] = []
/** Places in the table: a power of two, at most half of them taken. */
const PLACES = 4 * MOST_OPEN

export interface Connections {
  /** The connection of a packet, a new one if there is none. */
  find(packet: Packet): Connection
  /** Whether the packet that was looked for last goes from its connection's side `a`. */
  readonly fromA: boolean
  /** The same addresses and ports, another connection. */
  renew(connection: Connection, packet: Packet): Connection
  readonly recent: Recent
  /** How many there were, with those of captures before. */
  readonly count: number
  /** How many were let go before their end and that of the capture. */
  readonly letGo: number
  all(): Connection[]
}

/**
 * @param onLetGo gets what is to be let go, before room is made
 * @param before how many there were in captures before: numbers go on from there
 */
export function connections(onLetGo: (gone: readonly Connection[]) => void, before: number): Connections {
  const places = new Int32Array(PLACES)
  const keyA = new Int32Array(MOST_OPEN)
  const keyB = new Int32Array(MOST_OPEN)
  const keyPorts = new Int32Array(MOST_OPEN)
  /** By slot. */
  const open: (Connection | undefined)[] = []
  let held = 0
  const known = hosts()
  const packets = recent()
  let count = before
  let letGo = 0
  let fromA = true
  /** Let go, and nobody's any more. */
  let spare: Connection[] = []

  function create(
    a: Host,
    portA: number,
    b: Host,
    portB: number,
    slot: number,
    incarnation: number,
    packet: Packet,
  ): Connection {
    count += 1
    const old = spare.pop()
    const connection = old ?? ({ a: newSide(a, portA), b: newSide(b, portB) } as Connection)
    if (old !== undefined) {
      asNew(old.a, a, portA)
      asNew(old.b, b, portB)
    }
    connection.number = count
    connection.incarnation = incarnation
    connection.slot = slot
    connection.start = packet.time
    connection.lastTime = Number.NaN
    connection.touched = packet.time
    connection.packets = 0
    connection.client = undefined
    connection.handshake = false
    connection.dataPackets = 0
    connection.doubled = 0
    connection.open = NO_RESETS
    connection.kinds = NO_KINDS
    return connection
  }

  function place(slot: number): void {
    let at = hash(keyA[slot] as number, keyB[slot] as number, keyPorts[slot] as number)
    while (places[at] !== 0) at = (at + 1) & (PLACES - 1)
    places[at] = slot + 1
  }

  function makeRoom(): void {
    const order = all().sort(
      (one, two) => Number(hasEnded(two)) - Number(hasEnded(one)) || one.touched - two.touched,
    )
    const gone = order.slice(0, order.length >> 1)
    for (const connection of gone) {
      open[connection.slot] = undefined
      packets.close(connection.slot)
      connection.slot = GONE
    }
    onLetGo(gone)
    letGo += gone.filter(connection => !hasEnded(connection)).length
    held -= gone.length
    spare = gone
    places.fill(0)
    const stay = all()
    for (const { slot } of stay) place(slot)
    if (known.size > 2 * MOST_OPEN) known.keep(stay.flatMap(({ a, b }) => [a.host, b.host]))
  }

  const all = (): Connection[] => open.filter(connection => connection !== undefined)

  return {
    find(packet) {
      const source = known.find(packet, packet.source)
      const destination = known.find(packet, packet.destination)
      fromA =
        source.id < destination.id ||
        (source.id === destination.id && packet.sourcePort <= packet.destinationPort)
      const a = fromA ? source : destination
      const b = fromA ? destination : source
      const portA = fromA ? packet.sourcePort : packet.destinationPort
      const portB = fromA ? packet.destinationPort : packet.sourcePort
      const ports = (portA << 16) | portB
      let at = hash(a.id, b.id, ports)
      for (let index = places[at] as number; index !== 0; index = places[at] as number) {
        if (keyA[index - 1] === a.id && keyB[index - 1] === b.id && keyPorts[index - 1] === ports) {
          return open[index - 1] as Connection
        }
        at = (at + 1) & (PLACES - 1)
      }
      if (held === MOST_OPEN) {
        makeRoom()
        // Hosts may have been forgotten, and these be among them.
        return this.find(packet)
      }
      const slot = packets.open()
      keyA[slot] = a.id
      keyB[slot] = b.id
      keyPorts[slot] = ports
      const connection = create(a, portA, b, portB, slot, 1, packet)
      open[slot] = connection
      held += 1
      places[at] = slot + 1
      return connection
    },
    renew(connection, packet) {
      const { a, b, slot, incarnation } = connection
      const renewed = create(a.host, a.port, b.host, b.port, slot, incarnation + 1, packet)
      packets.clear(slot)
      open[slot] = renewed
      connection.slot = GONE
      return renewed
    },
    get fromA() {
      return fromA
    },
    recent: packets,
    get count() {
      return count
    },
    get letGo() {
      return letGo
    },
    all,
  }
}

function hasEnded({ a, b }: Connection): boolean {
  return a.resets + b.resets > 0 || (a.fin && b.fin)
}

function hash(a: number, b: number, ports: number): number {
  let bits = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(ports, 0xc2b2ae35)
  bits ^= bits >>> 15
  bits = Math.imul(bits, 0x2c1b3c6d)
  bits ^= bits >>> 13
  return bits & (PLACES - 1)
}
