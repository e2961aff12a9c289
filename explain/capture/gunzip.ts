import { once } from 'node:events'
import { createGunzip } from 'node:zlib'

/**
 * Hands on the pieces of a stream, unpacked where it is gzip (RFC 1952).
 *
 * @param take says whether more is wanted
 * @returns why the packed stream ended early; undefined where it did not, or was not packed
 */
export async function gunzipped(
  bytes: AsyncIterable<Uint8Array>,
  take: (piece: Uint8Array) => boolean,
): Promise<string | undefined> {
  let start: Uint8Array = new Uint8Array(0)
  let gunzip: ReturnType<typeof unpacker> | undefined
  for await (const piece of bytes) {
    if (gunzip === undefined && start.length < 2) {
      start = start.length === 0 ? piece.subarray() : Buffer.concat([start, piece])
      if (start.length < 2) continue
      if (start[0] === 0x1f && start[1] === 0x8b) gunzip = unpacker(take)
      if (!(gunzip === undefined ? take(start) : await gunzip.add(start))) return undefined
      continue
    }
    if (!(gunzip === undefined ? take(piece) : await gunzip.add(piece))) break
  }
  if (start.length === 1) take(start)
  return gunzip?.end()
}

/** zlib, without losing what it had unpacked before it found a fault. */
function unpacker(take: (piece: Uint8Array) => boolean) {
  const gunzip = createGunzip({ chunkSize: 262_144 })
  let wanted = true
  let fault: unknown
  let refused: unknown
  gunzip.on('data', (piece: Uint8Array) => {
    try {
      if (wanted) wanted = take(piece)
    } catch (error) {
      wanted = false
      refused = error
    }
  })
  gunzip.on('error', error => {
    fault = error
  })
  const done = new Promise<void>(resolve => gunzip.once('close', resolve))
  return {
    async add(piece: Uint8Array): Promise<boolean> {
      if (!gunzip.destroyed && !gunzip.write(piece))
        await Promise.race([once(gunzip, 'drain').catch(() => {}), done])
      if (refused !== undefined) throw refused
      return wanted && fault === undefined
    },
    async end(): Promise<string | undefined> {
      if (wanted && fault === undefined) gunzip.end()
      else gunzip.destroy()
      await done
      if (refused !== undefined) throw refused
      if (fault === undefined || !wanted) return undefined
      return `the gzip around it is cut or damaged (${fault instanceof Error ? fault.message : fault})`
    },
  }
}
