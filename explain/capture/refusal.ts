// What a file is that is no capture, and what to do with it.

/** The file is not one that can be read. The message is for people, without the name of the file. */
export class NotACapture extends Error {
  override name = 'NotACapture'
}

interface Other {
  readonly starts: readonly number[]
  readonly is: string
  readonly hint: string
}

const ascii = (text: string): number[] => [...text].map(letter => letter.charCodeAt(0))
const UNPACK = (program: string): string => `unpack it: ${program} -dc FILE | tcp-resets explain -`
const EDITCAP = 'save it as pcap: editcap -F pcap FILE new.pcap (editcap comes with Wireshark)'

const OTHERS: readonly Other[] = [
  { starts: [0x28, 0xb5, 0x2f, 0xfd], is: 'compressed with zstd', hint: UNPACK('zstd') },
  { starts: [0xfd, 0x37, 0x7a, 0x58, 0x5a], is: 'compressed with xz', hint: UNPACK('xz') },
  { starts: [0x04, 0x22, 0x4d, 0x18], is: 'compressed with lz4', hint: UNPACK('lz4') },
  { starts: ascii('BZh'), is: 'compressed with bzip2', hint: UNPACK('bzip2') },
  { starts: ascii('PK\x03\x04'), is: 'a zip archive', hint: 'unpack it with unzip' },
  { starts: ascii('snoop\0\0\0'), is: "a capture of Solaris' snoop", hint: EDITCAP },
  { starts: ascii('GMBU'), is: "a capture of Microsoft's Network Monitor", hint: EDITCAP },
  { starts: ascii('RTSS'), is: "a capture of Microsoft's Network Monitor 1", hint: EDITCAP },
  { starts: ascii('TRSNIFF data'), is: 'a capture of the Sniffer', hint: EDITCAP },
]

const BINARY = 'tcpdump -w FILE writes what can be read; tcpdump alone writes text'

/** Why these first bytes are no capture, and what to do. */
export function refusal(bytes: Uint8Array): NotACapture {
  if (bytes.length === 0)
    return new NotACapture('it is empty, not even a header; was tcpdump -w stopped before it began?')
  for (const { starts, is, hint } of OTHERS) {
    if (starts.every((byte, at) => bytes[at] === byte)) return new NotACapture(`it is ${is}; ${hint}`)
  }
  const text = Buffer.from(bytes.subarray(0, 512)).toString('latin1')
  if (
    /^(tcpdump: |reading from |\d\d:\d\d:\d\d\.\d+ (IP6?|ARP|[\da-f:]{17}) |\s*\d+\s+\d+\.\d+ )/.test(text)
  ) {
    return new NotACapture(`it is the text that tcpdump prints; ${BINARY}`)
  }
  if (isErf(bytes)) return new NotACapture(`it seems to be a capture of an Endace card (ERF); ${EDITCAP}`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: text has none of them
  if (!/[\x00-\x08\x0e-\x1f]/.test(text)) return new NotACapture(`it is text, not a capture; ${BINARY}`)
  const magic = [...bytes.subarray(0, 4)].map(byte => byte.toString(16).padStart(2, '0')).join(' ')
  return new NotACapture(
    `neither pcap nor pcapng, and not gzip around one (it begins with ${magic}); editcap -F pcap FILE new.pcap may know it`,
  )
}

/** ERF has no magic number: a record that fits together, of a type for Ethernet or IP, is as much as one can see. */
function isErf(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false
  const type = (bytes[8] as number) & 0x7f
  const record = ((bytes[10] as number) << 8) | (bytes[11] as number)
  const wire = ((bytes[14] as number) << 8) | (bytes[15] as number)
  const isKnown = type === 2 || type === 11 || type === 16 || type === 22 || type === 27
  return isKnown && record >= 16 && record <= 65_528 && wire >= 14 && wire <= record + 16 && bytes[3] !== 0
}
