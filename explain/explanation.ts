// What the resets of a capture mean, as plain data. It is what `tcp-resets explain --json` prints, version 1, and all
// that the reports are made of. Names in it are public: they do not change within a version.

export interface Explanation {
  readonly version: 1
  readonly capture: CaptureFacts
  /** In the order of the capture, copies included. */
  readonly resets: readonly Reset[]
  readonly summary: Summary
}

/** What was read, and what could not be. */
export interface CaptureFacts {
  readonly files: readonly CaptureFile[]
  readonly packets: number
  readonly tcpPackets: number
  /** TCP segments that were cut before their flags: they may have been resets. */
  readonly cutBeforeFlags: number
  /** Packets with TCP in them that could not be taken apart. */
  readonly unreadable: number
  readonly connections: number
  /** Seconds since 1970 of the first and of the last packet; absent in an empty capture. */
  readonly from?: number
  readonly to?: number
  /** Only resets are in it: a capture filter let nothing else pass, so "when" is a guess from the flags. */
  readonly onlyResets: boolean
  /** What is left out or uncertain, a sentence each. */
  readonly notes: readonly string[]
}

export const LIVE = '--live'

export interface CaptureFile {
  /** As it was given; `-` is standard input, `LIVE` what was captured for it. */
  readonly name: string
  readonly format: 'pcap' | 'pcapng'
  /** As tcpdump calls them (`EN10MB`, `LINUX_SLL2`, ...). */
  readonly linkTypes: readonly string[]
  readonly packets: number
  /** Where and why reading ended early; absent where the file is whole. */
  readonly damage?: { readonly frame: number; readonly offset: number; readonly what: string }
}

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export const STAGES = [
  'copy',
  'only-reset',
  'repeat',
  'after-reset',
  'one-direction',
  'unknown-connection',
  'closing',
  'refused',
  'client-cancelled',
  'handshake-aborted',
  'idle',
  'after-handshake',
  'abrupt',
] as const
export type Stage = (typeof STAGES)[number]

export const VERDICTS = [
  'peer-likely',
  'peer-possible',
  'unknown',
  'contradictory',
  'somebody-else-possible',
  'somebody-else',
] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Reset {
  /** From 1, as Wireshark counts; over several files, within its file. */
  readonly frame: number
  /** Index into `capture.files`; absent where there is one file. */
  readonly file?: number
  /** Seconds since 1970. */
  readonly time: number
  /** Seconds since the first packet of the connection here. */
  readonly sinceStart: number
  readonly stage: Stage
  /** The sub-case, as the decision table names it (`first-syn`, `own-timer`, ...); absent where there is none. */
  readonly detail?: string
  readonly flags: 'RST' | 'RST+ACK' | string
  /** The side that the reset names as its sender. */
  readonly from: Endpoint
  readonly to: Endpoint
  /** Which side of the connection `from` is: who sent the SYN, who was called; absent where no handshake tells. */
  readonly side?: 'client' | 'server'
  /** A number for the connection, and which incarnation of its addresses and ports this is, from 1. */
  readonly connection: number
  readonly incarnation: number
  /** The connection went on: its sender sent more, or its receiver acknowledged more of it. */
  readonly ignored: boolean
  /** Bytes of payload before it, from its sender and to it. */
  readonly bytesFrom: number
  readonly bytesTo: number
  /** Seconds since its sender's last packet, and whether that is only a lower bound. */
  readonly idle?: number
  readonly idleAtLeast?: boolean
  readonly ttl: number
  /** The IPv4 identification; absent for IPv6. */
  readonly ipId?: number
  readonly seq: number
  readonly ack?: number
  readonly window: number
  /** Printable text in the reset's own payload, as it was sent: hostile until it is quoted. */
  readonly text?: string
  readonly sender: Sender
  /** Facts that prove nothing of who sent it, a sentence each. */
  readonly notes: readonly string[]
  /** The packets around it, for the ladder, in order. The reset itself is among them. */
  readonly ladder: readonly Rung[]
  /** Packets of the connection that are left out of the ladder. */
  readonly ladderLeftOut: number
}

export interface Sender {
  readonly is: Verdict
  readonly confidence: 'strong' | 'moderate' | 'weak' | 'none'
  readonly for: readonly Sign[]
  readonly against: readonly Sign[]
}

export interface Sign {
  /** Which sign it is: `ttl`, `ip-id`, `mac`, `new-data`, `handshake`, `ack`, `timestamps`, ... */
  readonly sign: string
  readonly weight: number
  readonly value?: number | string
  /** What was expected of the side it names. */
  readonly expected?: number | string
  /** Where that is seen; the frames that the reader should look at. */
  readonly frame?: number
  readonly frames?: readonly number[]
  /** The sign as a sentence. */
  readonly text: string
}

/** One packet of the ladder. */
export interface Rung {
  readonly frame: number
  /** Seconds since the first packet of the connection here. */
  readonly at: number
  /** Whether it goes from the side that opened the connection (the left) to the other. */
  readonly fromClient: boolean
  /** `SYN`, `SYN+ACK`, `RST`, ...; `''` for a bare ACK. */
  readonly flags: string
  readonly payload: number
  readonly ttl: number
  readonly ipId?: number
  /** The reset that is explained, or another. */
  readonly reset?: 'this' | 'other'
}

export interface Summary {
  /** Resets that count: all but copies. */
  readonly resets: number
  readonly copies: number
  readonly repeats: number
  /** Connections that were reset. */
  readonly connections: number
  readonly byStage: readonly StageCount[]
  readonly byServer: readonly ServerCount[]
  /** Connections by who seems to have sent their resets, and the addresses that are in doubt. */
  readonly bySender: Readonly<Record<Verdict, number>>
  /** What the capture as a whole shows: a scan, a service that is down, a box that cuts idle connections, a full queue. */
  readonly findings: readonly Finding[]
  /** All of it in one honest sentence. */
  readonly finding: string
}

export interface StageCount {
  readonly stage: Stage
  readonly detail?: string
  readonly resets: number
  readonly connections: number
}

export interface ServerCount {
  readonly server: Endpoint
  readonly resets: number
  readonly connections: number
  readonly clients: number
}

export interface Finding {
  readonly what:
    | 'port-scan'
    | 'service-down'
    | 'idle-cut'
    | 'full-queue'
    | 'somebody-else'
    | 'syn-flood'
    | string
  readonly text: string
  readonly resets: number
}
