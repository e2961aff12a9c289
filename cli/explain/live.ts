import { closeSync, openSync, writeFileSync } from 'node:fs'
import { headersOnly } from '../../explain/capture/headers-only'
import { explain } from '../../explain/explain'
import { type Explanation, LIVE } from '../../explain/explanation'
import { messageOf } from '../../plugin/message'
import { openContainer } from './container'
import { fileError } from './file-error'
import type { Asked, Live } from './options'
import { ownersOf } from './owners'
import { tcpdump } from './tcpdump'

/** Captures, and explains what there is at the end, be it an early one. Nothing of the payload is kept, nor told. */
export async function explainLive(
  { idleSeconds, wanted }: Asked,
  { container, save, ...capture }: Live,
  signal: AbortSignal,
): Promise<Explanation> {
  const namespace = container === undefined ? undefined : containerOf(container)
  const out = save === undefined ? undefined : create(save)
  const notes: string[] = []
  process.stderr.write(
    `capturing for ${capture.seconds} s or ${capture.packets.toLocaleString('en-US')} packets, headers only; Ctrl-C ends it\n`,
  )
  const { host, port } = wanted
  const packets = headersOnly(tcpdump({ ...capture, host, port, namespace }, signal, notes))
  const bytes = out === undefined ? packets : saving(packets, out)
  try {
    const { capture, ...explained } = await explain([{ name: save ?? LIVE, bytes }], { idleSeconds, wanted })
    const owners = namespace === undefined ? await ownersOf(explained.summary) : []
    return { ...explained, capture: { ...capture, notes: [...capture.notes, ...notes, ...owners] } }
  } finally {
    if (out !== undefined) closeSync(out)
    if (namespace !== undefined) closeSync(namespace)
  }
}

function containerOf(name: string): number {
  try {
    return openContainer(name)
  } catch (error) {
    throw new Error(`--container: ${messageOf(error)}`)
  }
}

/** Nobody else is to read it, and nothing that is there is to be written over. */
function create(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    throw fileError(`--save: ${file}`, error) ?? error
  }
}

async function* saving(pieces: AsyncIterable<Uint8Array>, out: number): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    writeFileSync(out, piece)
    yield piece
  }
}
