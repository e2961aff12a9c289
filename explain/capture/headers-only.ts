import { dissector } from '../packet/dissect'
import { TCP } from '../packet/packet'
import { captureStream } from './read'

const FILE_HEADER = 24
const RECORD_HEADER = 16

/**
 * A capture without payload, as it comes: every packet ends behind its TCP header, and one without a whole header is there
 * without a byte of it. Frames and times (in microseconds) stay what they were, and lengths on the wire.
 *
 * @param capture of one link type, as tcpdump writes it
 * @returns pcap
 * @throws NotACapture
 */
export async function* headersOnly(capture: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { packet, dissect } = dissector()
  const pieces: Uint8Array[] = []
  let begun = false
  function begin(link: number): void {
    begun = true
    pieces.push(fileHeader(link))
  }
  const stream = captureStream((bytes, start, end, frame, time, link, port, wire) => {
    if (!begun) begin(link)
    packet.frame = frame
    packet.time = time
    const isWhole = dissect(bytes, start, end, link, port, wire) === TCP && packet.bytes === bytes
    const kept = bytes.subarray(start, isWhole ? Math.min(end, packet.tcpEnd) : start)
    // Some writers give fewer bytes on the wire than they captured.
    pieces.push(record(time, Math.max(wire, end - start), kept))
  })
  for await (const piece of capture) {
    stream.add(piece)
    yield* pieces.splice(0)
  }
  const [link = 0] = stream.end().links
  if (!begun) begin(link)
  yield* pieces
}

function fileHeader(link: number): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(262_144, 16)
  header.writeUInt32LE(link, 20)
  return header
}

function record(time: number, wire: number, kept: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(RECORD_HEADER + kept.length)
  const microseconds = Math.round(time * 1e6)
  bytes.writeUInt32LE(Math.floor(microseconds / 1e6), 0)
  bytes.writeUInt32LE(microseconds % 1e6, 4)
  bytes.writeUInt32LE(kept.length, 8)
  bytes.writeUInt32LE(wire, 12)
  bytes.set(kept, RECORD_HEADER)
  return bytes
}
