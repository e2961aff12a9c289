import type { CaptureFile } from '../explanation'
import { linkName } from '../packet/link'
import type { FormatReader, TakePacket } from './format'
import { gunzipped } from './gunzip'
import { pcapReader } from './pcap'
import { pcapngReader } from './pcapng'
import { refusal } from './refusal'

/**
 * Reads a capture as it comes, and hands on every packet.
 *
 * @param bytes the file, in pieces of any size
 * @param signal tells an end that somebody made from one of the file
 * @returns what it was, and where it is damaged
 * @throws NotACapture where it is none
 */
export async function readCapture(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  take: TakePacket,
  signal?: AbortSignal,
): Promise<CaptureFile> {
  const stream = captureStream(take)
  const end = await gunzipped(bytes, piece => stream.add(piece))
  const reader = stream.end()
  const what = signal?.aborted ? 'it was interrupted' : (reader.broken ?? end ?? reader.cut(stream.left()))
  return {
    name,
    format: reader.format,
    linkTypes: [...reader.links].map(linkName),
    packets: reader.packets,
    ...(what === undefined ? {} : { damage: { frame: reader.packets + 1, offset: reader.offset, what } }),
  }
}

export interface CaptureStream {
  /** Takes the next piece, unpacked. @returns whether more is wanted */
  add(piece: Uint8Array): boolean
  /** Bytes that are no whole packet yet. */
  left(): number
  /** What it was. @throws NotACapture */
  end(): FormatReader
}

/** Puts the pieces of the stream together so that the reader sees whole packets. */
export function captureStream(take: TakePacket): CaptureStream {
  let reader: FormatReader | undefined
  let held: Uint8Array[] = []
  let length = 0

  /** All that is held, in one piece. */
  function join(): Uint8Array {
    const [only] = held
    const bytes = held.length === 1 && only !== undefined ? only : Buffer.concat(held, length)
    // As plain bytes: a slice of a Buffer is no copy, and would keep all of the piece in memory.
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  return {
    add(piece) {
      if (piece.length === 0) return true
      held.push(piece)
      length += piece.length
      if (length < (reader?.needed ?? FIRST)) return true
      const bytes = join()
      reader ??= pcapReader(bytes, take) ?? pcapngReader(bytes, take)
      if (reader === undefined) throw refusal(bytes)
      const done = reader.read(bytes)
      length = bytes.length - done
      // What is lent ends here: the piece may be filled again.
      held = length === 0 ? [] : [bytes.slice(done)]
      return reader.broken === undefined
    },
    left: () => length,
    end() {
      if (reader === undefined) {
        const bytes = join()
        reader = pcapReader(bytes, take) ?? pcapngReader(bytes, take)
        if (reader === undefined) throw refusal(bytes)
        length = bytes.length - reader.read(bytes)
      }
      return reader
    },
  }
}

/** Enough to tell the formats by, and others of which only the text is known. */
const FIRST = 64
