import { type FormatReader, MOST_CAPTURED, type TakePacket } from './format'

// pcapng, https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/ : several sections, each in its byte order, several
// interfaces with their own clocks, and the blocks for packets that there are: enhanced, simple, and the obsolete one.

const SECTION = 0x0a0d0d0a
const INTERFACE = 1
const OBSOLETE = 2
const SIMPLE = 3
const ENHANCED = 6
/** Wireshark counts it as a frame. */
const JOURNAL = 9
/** What is read of blocks that are not for packets: an interface's options come first, and are short. */
const MOST_READ = 65_536
/** A packet with its options. */
const MOST_BLOCK = MOST_CAPTURED + MOST_READ
/** Of a section: each takes memory for as long as it lasts. */
const MOST_INTERFACES = 65_536

interface Interface {
  readonly link: number
  readonly snap: number
  /** Ticks a second, and seconds to add. */
  readonly ticks: number
  readonly offset: number
}

export function pcapngReader(first: Uint8Array, take: TakePacket): FormatReader | undefined {
  const magic = new DataView(first.buffer, first.byteOffset, first.byteLength)
  if (first.length < 12 || magic.getUint32(0) !== SECTION) return undefined
  if (magic.getUint32(8) !== 0x1a2b3c4d && magic.getUint32(8, true) !== 0x1a2b3c4d) return undefined

  const links = new Set<number>()
  let interfaces: Interface[] = []
  /** Interfaces of the sections before, so that every interface has its own number. */
  let before = 0
  let little = false
  let frame = 0
  let offset = 0
  let needed = 12
  let skip = 0
  let broken: string | undefined
  let view = magic

  function readInterface(at: number, end: number): void {
    let ticks = 1e6
    let seconds = 0
    for (let here = at + 8; here + 4 <= end; ) {
      const code = view.getUint16(here, little)
      const length = view.getUint16(here + 2, little)
      const data = here + 4
      if (code === 0 || data + length > end) break
      if (code === 9 && length === 1) {
        const resolution = view.getUint8(data)
        ticks = resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution
      }
      if (code === 14 && length === 8) seconds = Number(view.getBigInt64(data, little))
      here = data + ((length + 3) & ~3)
    }
    const link = view.getUint16(at, little)
    links.add(link)
    interfaces.push({ link, snap: view.getUint32(at + 4, little), ticks, offset: seconds })
  }

  function timeOf(high: number, low: number, from: Interface): number {
    return (high * 2 ** 32 + low) / from.ticks + from.offset
  }

  /** @returns what is wrong with the block */
  function readBlock(bytes: Uint8Array, type: number, at: number, end: number): string | undefined {
    if (type === SECTION) {
      before += interfaces.length
      interfaces = []
      return undefined
    }
    if (type === INTERFACE) {
      if (interfaces.length === MOST_INTERFACES) return `more than ${MOST_INTERFACES} interfaces`
      if (end - at < 8) return 'the block of an interface is too short'
      readInterface(at, end)
      return undefined
    }
    if (type === JOURNAL) frame += 1
    if (type !== ENHANCED && type !== SIMPLE && type !== OBSOLETE) return undefined
    const head = type === SIMPLE ? 4 : 20
    if (end - at < head) return 'the block of a packet is too short'
    const port =
      type === ENHANCED ? view.getUint32(at, little) : type === SIMPLE ? 0 : view.getUint16(at, little)
    const from = interfaces[port]
    if (from === undefined) return `a packet of interface ${port}, which no block describes`
    const wire = view.getUint32(at + head - 4, little)
    const captured =
      type === SIMPLE ? Math.min(wire, end - at - head, from.snap || wire) : view.getUint32(at + 12, little)
    if (captured > end - at - head) return `a packet of ${captured} bytes in a block of ${end - at + 12}`
    frame += 1
    const time =
      type === SIMPLE ? 0 : timeOf(view.getUint32(at + 4, little), view.getUint32(at + 8, little), from)
    const start = at + head
    take(bytes, start, start + captured, frame, time, from.link, before + port, wire)
    return undefined
  }

  return {
    format: 'pcapng',
    links,
    get packets() {
      return frame
    },
    get offset() {
      return offset
    },
    get needed() {
      return needed
    },
    get broken() {
      return broken
    },
    read(bytes) {
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      let at = Math.min(skip, bytes.length)
      skip -= at
      while (skip === 0) {
        needed = 12
        if (at + 12 > bytes.length) break
        if (view.getUint32(at) === SECTION) {
          const order = view.getUint32(at + 8)
          if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) {
            broken = 'a section without a byte order'
            break
          }
          little = order === 0x4d3c2b1a
        }
        const type = view.getUint32(at, little)
        const length = view.getUint32(at + 4, little)
        const isPacket = type === ENHANCED || type === SIMPLE || type === OBSOLETE
        if (length < 12 || (length & 3) !== 0 || (isPacket && length > MOST_BLOCK)) {
          broken = `a block that says that it has ${length} bytes`
          break
        }
        if (at + length > bytes.length) {
          if (isPacket || length <= MOST_READ) {
            needed = length
            break
          }
          // Names, keys, statistics and whatever else: nothing of it is read, so none of it is kept.
          if (type === SECTION || type === INTERFACE || type === JOURNAL) {
            broken = `a block that says that it has ${length} bytes`
            break
          }
          skip = at + length - bytes.length
          at = bytes.length
          break
        }
        broken = readBlock(bytes, type, at + 8, at + length - 4)
        if (broken !== undefined) break
        at += length
      }
      offset += at
      return at
    },
    cut(left) {
      return left === 0 && skip === 0 ? undefined : 'it ends within a block'
    },
  }
}
