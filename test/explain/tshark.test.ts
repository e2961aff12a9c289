import { execFile, execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { readCapture } from '../../explain/capture/read'
import { addressText, ipv4At, ipv6At } from '../../explain/packet/address'
import { dissector } from '../../explain/packet/dissect'
import { TCP } from '../../explain/packet/packet'
import { CAPTURES, names } from './captures'

// The reader against tshark, for every packet of every capture.

const FIELDS = [
  'frame.number',
  'ip.src',
  'ipv6.src',
  'ip.dst',
  'ipv6.dst',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'tcp.len',
  'tcp.window_size_value',
  'ip.ttl',
  'ipv6.hlim',
  'ip.id',
  'frame.protocols',
  'icmp.type',
  'icmpv6.type',
]

/** Where the two differ, and why neither is wrong. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'derived__null_le.pcap': 'tshark reads no IPv6 behind the family number of another system',
  'derived__snap40.pcap': 'tshark shows the ports of headers that end before their flags',
}

function hasTshark(): boolean {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function readOurs(path: string): Promise<string[]> {
  const { packet, dissect } = dissector()
  const rows: string[] = []
  await readCapture(path, createReadStream(path), (bytes, start, end, frame, time, link, port, wire) => {
    packet.time = time
    if (dissect(bytes, start, end, link, port, wire) !== TCP) return
    const address = (at: number): string =>
      addressText(packet.version === 4 ? ipv4At(packet.bytes, at) : ipv6At(packet.bytes, at))
    const { sourcePort, destinationPort, seq, ack, flags, payload, window, ttl, ipId } = packet
    rows.push(
      [
        frame,
        address(packet.source),
        address(packet.destination),
        sourcePort,
        destinationPort,
        seq >>> 0,
        ack >>> 0,
        flags,
        payload,
        window,
        ttl,
        ipId,
      ].join(' '),
    )
  })
  return rows
}

async function readTheirs(path: string): Promise<string[]> {
  const args = [
    '-n',
    '-o',
    'ip.defragment:true',
    '-r',
    path,
    '-Y',
    'tcp',
    '-T',
    'fields',
    '-E',
    'occurrence=a',
  ]
  // A capture that ends early is an error for tshark too, after all that was whole.
  const { stdout: text } = await promisify(execFile)('tshark', [
    ...args,
    ...FIELDS.flatMap(field => ['-e', field]),
  ]).catch((error: { stdout: string }) => error)
  const rows: string[] = []
  for (const line of text.split('\n').filter(line => line !== '')) {
    // The innermost of several.
    const value = new Map(line.split('\t').map((cell, at) => [FIELDS[at], cell.split(',').pop() ?? '']))
    const of = (field: string): string => value.get(field) ?? ''
    if (of('icmp.type') !== '' || of('icmpv6.type') !== '') continue
    const isIpv6 = /.*\b(ipv6|ip)\b.*:tcp/.exec(of('frame.protocols'))?.[1] === 'ipv6'
    rows.push(
      [
        of('frame.number'),
        of(isIpv6 ? 'ipv6.src' : 'ip.src'),
        of(isIpv6 ? 'ipv6.dst' : 'ip.dst'),
        of('tcp.srcport'),
        of('tcp.dstport'),
        of('tcp.seq_raw'),
        of('tcp.ack_raw'),
        Number(of('tcp.flags')) & 0x1ff,
        of('tcp.len'),
        of('tcp.window_size_value'),
        of(isIpv6 ? 'ipv6.hlim' : 'ip.ttl'),
        isIpv6 ? -1 : Number(of('ip.id')),
      ].join(' '),
    )
  }
  return rows
}

t.test('every field of every packet', { skip: hasTshark() ? false : 'tshark is not installed' }, async t => {
  let packets = 0
  for (const name of names().filter(name => !/text_not|zero_bytes/.test(name))) {
    const path = join(CAPTURES, name)
    const [ours, theirs] = await Promise.all([readOurs(path), readTheirs(path)])
    if (DIFFERENT[name] === undefined) t.strictSame(ours, theirs, name)
    else t.notSame(ours, theirs, `${name}: ${DIFFERENT[name]}`)
    packets += theirs.length
  }
  t.ok(packets > 1000, `${packets} packets`)
})
