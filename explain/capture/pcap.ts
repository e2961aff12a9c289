import { type FormatReader, MOST_CAPTURED, type TakePacket } from './format'

// pcap, https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/ : both byte orders, microseconds and nanoseconds, and
// Alexey Kuznetzov's, whose records have 8 bytes more.

const FILE_HEADER = 24

interface Kind {
  readonly fraction: number
  readonly header: number
}

const KINDS: ReadonlyMap<number, Kind> = new Map([
  [0xa1b2c3d4, { fraction: 1e6, header: 16 }],
  [0xa1b23c4d, { fraction: 1e9, header: 16 }],
  [0xa1b2cd34, { fraction: 1e6, header: 24 }],
])

/** What a file that begins so is; undefined if it is not pcap. */
function pcapKind(bytes: Uint8Array): { little: boolean; kind: Kind } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const little of [true, false]) {
    const kind = bytes.length < 4 ? undefined : KINDS.get(view.getUint32(0, little))
    if (kind !== undefined) return { little, kind }
  }
  return undefined
}

export function pcapReader(first: Uint8Array, take: TakePacket): FormatReader | undefined {
  const found = pcapKind(first)
  if (found === undefined) return undefined
  const { little } = found
  const { fraction, header } = found.kind
  const links = new Set<number>()
  let link = 0
  let started = false
  let frame = 0
  let offset = 0
  let broken: string | undefined
  let needed = FILE_HEADER

  const u32 = little
    ? (bytes: Uint8Array, at: number): number =>
        ((bytes[at] as number) |
          ((bytes[at + 1] as number) << 8) |
          ((bytes[at + 2] as number) << 16) |
          ((bytes[at + 3] as number) << 24)) >>>
        0
    : (bytes: Uint8Array, at: number): number =>
        (((bytes[at] as number) << 24) |
          ((bytes[at + 1] as number) << 16) |
          ((bytes[at + 2] as number) << 8) |
          (bytes[at + 3] as number)) >>>
        0

  return {
    format: 'pcap',
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
      let at = 0
      if (!started) {
        if (bytes.length < FILE_HEADER) return 0
        // The upper bits say how long the frames' check sequence is.
        link = u32(bytes, 20) & 0xffff
        links.add(link)
        started = true
        at = FILE_HEADER
      }
      needed = header
      while (at + header <= bytes.length) {
        const captured = u32(bytes, at + 8)
        if (captured > MOST_CAPTURED) {
          broken = `the header of a packet says that ${captured} bytes were captured: that is no packet header, as when two files were glued together`
          break
        }
        const start = at + header
        const end = start + captured
        if (end > bytes.length) {
          needed = header + captured
          break
        }
        frame += 1
        const time = u32(bytes, at) + u32(bytes, at + 4) / fraction
        take(bytes, start, end, frame, time, link, 0, u32(bytes, at + 12))
        at = end
      }
      offset += at
      return at
    },
    cut(left) {
      if (!started) return 'it ends within the header of the file'
      if (left === 0) return undefined
      return left < header ? 'it ends within the header of a packet' : 'it ends within a packet'
    },
  }
}
