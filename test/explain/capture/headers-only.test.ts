import { spawnSync } from 'node:child_process'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { headersOnly } from '../../../explain/capture/headers-only'
import { NotACapture } from '../../../explain/capture/refusal'
import { explain } from '../../../explain/explain'
import { CAPTURES, explainFile, names } from '../captures'
import { pcapHeader, pieces } from '../pcap'

// Captures as they are kept: through VLANs, tunnels, IPv6 and fragments, no byte of payload is left, and what is said of
// the resets stays the same.

/** pcapng can have several links, which tcpdump writes never; the others are no captures, or damaged. */
const LEFT_OUT = /\.pcapng$|text_not_pcap|zero_bytes|gz_cut|garbage_header|two_files/
const noTshark = spawnSync('tshark', ['--version']).error !== undefined && 'tshark is not installed'

async function without(name: string): Promise<Buffer> {
  const kept: Uint8Array[] = []
  for await (const piece of headersOnly(createReadStream(join(CAPTURES, name)))) kept.push(piece)
  return Buffer.concat(kept)
}

const captures = names().filter(name => !LEFT_OUT.test(name) && !name.endsWith('.gz'))

t.test('what is said of the resets stays the same', async t => {
  t.ok(captures.length > 50)
  for (const name of captures) {
    const before = await explainFile(name)
    const after = await explain([{ name, bytes: pieces(await without(name), 1000) }], { idleSeconds: 10 })
    t.equal(after.capture.packets, before.capture.packets, name)
    // A datagram in pieces is not put together again: nobody knows where its payload begins.
    if (name === 'derived__fragments.pcap') continue
    const told = ({ resets }: typeof before) =>
      resets.map(({ frame, stage, detail, bytesFrom, bytesTo, sender }) => ({
        frame,
        stage,
        detail,
        bytesFrom,
        bytesTo,
        sender,
      }))
    t.strictSame(told(after), told(before), name)
    t.same(
      after.resets.filter(({ text }) => text !== undefined),
      [],
    )
  }
})

/** What there may be around a segment; tshark takes its time. */
const AROUND =
  /__(vlan|qinq|pppoe|mpls|vxlan_any|geneve|gre|ipip|raw12|null_le|sll1|sll2|fragments|rst_payload)\b/

t.test('no byte of the payload is left, by what tshark calls payload', { skip: noTshark }, async t => {
  const file = join(t.testdir({}), 'kept.pcap')
  const fields = ['tcp.payload', 'frame.time_epoch', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.flags', 'tcp.len']
  const args = ['-n', '-T', 'fields', ...fields.flatMap(field => ['-e', field]), '-r']
  /** For each packet its payload, and the rest with microseconds. */
  const tshark = (path: string): { payload: string; rest: string }[] => {
    const { stdout } = spawnSync('tshark', [...args, path], { encoding: 'utf8' })
    return stdout.split('\n').map(line => {
      const [payload = '', ...rest] = line.split('\t')
      return { payload, rest: rest.join(' ').replace(/^(\d+\.\d{6})\d{3}/, '$1') }
    })
  }
  let marked = 0
  for (const name of captures.filter(name => AROUND.test(name))) {
    const kept = await without(name)
    writeFileSync(file, kept)
    const before = tshark(join(CAPTURES, name))
    const after = tshark(file)
    const payloads = new Set(before.map(({ payload }) => payload).filter(hex => hex.length >= 10))
    for (const hex of payloads) t.equal(kept.indexOf(hex, 0, 'hex'), -1, `${name}: ${hex}`)
    marked += payloads.size
    t.strictSame(new Set(after.map(({ payload }) => payload)), new Set(['']), name)
    if (name === 'derived__fragments.pcap') continue
    t.strictSame(
      after.map(({ rest }) => rest),
      before.map(({ rest }) => rest),
      name,
    )
  }
  t.ok(marked > 20, `${marked} different payloads`)
})

t.test('a capture without packets keeps its link, and what is none is refused', async t => {
  const kept: Uint8Array[] = []
  for await (const piece of headersOnly(pieces(pcapHeader(276), 7))) kept.push(piece)
  t.strictSame(Buffer.concat(kept), pcapHeader(276))
  await t.rejects(async () => {
    for await (const _ of headersOnly(pieces(Buffer.from('tcpdump: no such device')))) t.fail('it is none')
  }, NotACapture)
})
