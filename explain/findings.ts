import type { Endpoint, Finding, Stage, StageCount, Verdict } from './explanation'

// What the capture as a whole shows, where it shows something: in sentences, and never more than is there.

export interface Counted {
  readonly resets: number
  readonly connections: number
  readonly onlyResets: boolean
  /** Packets with RST, also those that nobody asked for. */
  readonly resetPackets: number
  readonly byStage: readonly StageCount[]
  readonly bySender: Readonly<Record<Verdict, number>>
  /** Connects that came to nothing. */
  readonly vain: number
  readonly callers: readonly CountedCaller[]
  readonly servers: readonly CountedServer[]
  /** Seconds of silence before each reset that came after one, where they are known. */
  readonly idles: readonly number[]
}

interface CountedCaller {
  readonly address: string
  readonly resets: number
  /** Different pairs of address and port, and the ports among them. */
  readonly targets: number
  readonly ports: ReadonlySet<number>
}

interface CountedServer {
  readonly endpoint: Endpoint
  readonly resets: number
  readonly clients: number
  /** Connections that were refused, reset by the server after the handshake, or ended within it. */
  readonly refused: number
  readonly afterHandshake: number
  readonly givenUp: number
  /** A SYN+ACK of it is in the capture. */
  readonly hasAnswered: boolean
}

/** So many different targets of one caller are a scan; so many callers without an address of their own, a flood. */
const SCAN = 20
/** A scan asks once, or a few times; what asks again and again wants an answer. */
const TRIES = 4
const FLOOD = 20
/** So many connections are a pattern. */
const PATTERN = 3
/** So many findings of a kind are told, the largest first. */
const OF_A_KIND = 3

export function findings(counted: Counted): Finding[] {
  return [
    ...somebodyElse(counted),
    ...fullQueues(counted),
    ...idleCuts(counted),
    ...scans(counted),
    ...floods(counted),
    ...servicesDown(counted),
  ]
}

const many = (count: number): string => count.toLocaleString('en-US')
const named = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
const some = (count: number, what: string): string => `${many(count)} ${what}${count === 1 ? '' : 's'}`

function somebodyElse({ bySender }: Counted): Finding[] {
  const probably = bySender['somebody-else']
  const perhaps = bySender['somebody-else-possible']
  const resets = probably + perhaps
  if (resets === 0) return []
  const how =
    probably === 0
      ? 'perhaps'
      : perhaps === 0
        ? 'probably'
        : `probably (${many(probably)}) or perhaps (${many(perhaps)})`
  const text = `On ${some(resets, 'connection')}, the reset was ${how} not sent by the side it names: look for a firewall, a balancer or a filter on the path.`
  return [{ what: 'somebody-else', text, resets }]
}

function fullQueues({ servers }: Counted): Finding[] {
  return servers
    .filter(({ afterHandshake }) => afterHandshake >= PATTERN)
    .sort((one, two) => two.afterHandshake - one.afterHandshake)
    .slice(0, OF_A_KIND)
    .map(({ endpoint, afterHandshake }) => ({
      what: 'full-queue',
      text: `${named(endpoint)} reset ${some(afterHandshake, 'connection')} right after the handshake, before any data: its accept queue may be full (tcp_abort_on_overflow=1), or it turns callers away.`,
      resets: afterHandshake,
    }))
}

const isAsLong = (idle: number, shortest: number): boolean => idle <= shortest * 1.1 + 1

/** Silences that are about as long as each other: a timer. */
function idleCuts({ idles }: Counted): Finding[] {
  const sorted = [...idles].sort((a, b) => a - b)
  const found: Finding[] = []
  for (let start = 0; start < sorted.length; ) {
    const shortest = sorted[start] as number
    let end = start
    while (end < sorted.length && isAsLong(sorted[end] as number, shortest)) end += 1
    if (end - start >= 2) {
      const resets = end - start
      const text = `${some(resets, 'connection')} ended after about ${Math.round(shortest)} s of silence each: something on the path, or one of the ends, cuts connections that are idle for that long.`
      found.push({ what: 'idle-cut', text, resets })
    }
    start = end
  }
  return found
}

function scans({ callers, vain }: Counted): Finding[] {
  return callers
    .filter(({ targets, resets }) => targets >= SCAN && resets <= targets * TRIES)
    .sort((one, two) => two.targets - one.targets)
    .slice(0, OF_A_KIND)
    .map(({ address, targets, ports, resets }) => {
      const [port] = ports
      const what =
        ports.size === 1
          ? `asked ${many(targets)} different addresses for port ${port}: a scan of the network, or those servers are down`
          : `asked for ${many(targets)} different address:port pairs: a port scan`
      const share = resets === vain ? 'all' : resets > vain * 0.9 ? 'nearly all' : many(resets)
      const text = `One host, ${address}, ${what}. It made ${share} of the ${some(vain, 'connect')} that were refused or cancelled.`
      return { what: 'port-scan', text, resets }
    })
}

function floods({ servers }: Counted): Finding[] {
  return servers
    .filter(({ givenUp, clients, resets }) => givenUp >= FLOOD && clients >= FLOOD && givenUp > resets / 2)
    .sort((one, two) => two.givenUp - one.givenUp)
    .slice(0, OF_A_KIND)
    .map(({ endpoint, givenUp, clients }) => ({
      what: 'syn-flood',
      text: `${some(givenUp, 'handshake')} with ${named(endpoint)} came to nothing, from ${many(clients)} different addresses: a SYN flood with forged addresses, or a scan from many hosts.`,
      resets: givenUp,
    }))
}

function servicesDown({ servers }: Counted): Finding[] {
  return servers
    .filter(({ refused, hasAnswered }) => refused >= PATTERN && !hasAnswered)
    .sort((one, two) => two.refused - one.refused)
    .slice(0, OF_A_KIND)
    .map(({ endpoint, refused, clients }) => ({
      what: 'service-down',
      text: `${named(endpoint)} refused every one of the ${some(refused, 'connection')} that ${some(clients, 'host')} asked for: nobody listens there, or a firewall says so in its place.`,
      resets: refused,
    }))
}

/** How a stage is said in the middle of a sentence. */
const STAGE_WORDS: Readonly<Record<Exclude<Stage, 'copy'>, string>> = {
  'only-reset': 'without any other packet of the connection',
  repeat: 'repeated',
  'after-reset': 'after a reset of the other side',
  'one-direction': 'where one direction is not in the capture',
  'unknown-connection': 'for a connection that its sender did not know',
  closing: 'at the end (after a FIN)',
  refused: 'right after the SYN (refused)',
  'client-cancelled': 'by the caller itself, before any answer',
  'handshake-aborted': 'within the handshake',
  idle: 'after a silence',
  'after-handshake': 'right after the handshake',
  abrupt: 'in mid-stream',
}
/** So many stages are said; the others are one number. */
const STAGES_SAID = 3

/** All of it in one sentence or two. */
export function inOneSentence(counted: Counted, found: readonly Finding[], copies: number): string {
  const { resets, connections, onlyResets, resetPackets } = counted
  if (resetPackets === 0) return 'There are no TCP resets in this capture.'
  if (resets === 0)
    return copies === 0
      ? `None of the ${some(resetPackets, 'TCP reset')} in this capture is of that kind.`
      : 'All resets in it are copies.'
  const on = resets === 1 ? '1 reset' : `${some(resets, 'reset')} on ${some(connections, 'connection')}`
  if (onlyResets) {
    return `${on}, and no other TCP packet, as after a capture filter for resets: "when" is a guess from the flags.`
  }
  const sentence = `${on}${resets === 1 ? ', ' : ': '}${whenOf(counted)}.`
  const [first] = found
  return first === undefined ? sentence : `${sentence} ${first.text}`
}

/** How long the silence was, where it was as long for all of the resets. */
function silenceOf(idles: readonly number[], resets: number): string {
  const shortest = idles.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY)
  return idles.length === resets && idles.every(idle => isAsLong(idle, shortest))
    ? `after about ${Math.round(shortest)} s of silence`
    : STAGE_WORDS.idle
}

/** `all in mid-stream`, or how many came when, the most first. */
function whenOf({ resets, byStage, idles }: Counted): string {
  const idle = byStage.reduce((sum, row) => sum + (row.stage === 'idle' ? row.resets : 0), 0)
  const stages = new Map<string, number>()
  for (const { stage, resets } of byStage) {
    if (stage === 'copy') continue
    const words = stage === 'idle' ? silenceOf(idles, idle) : STAGE_WORDS[stage]
    stages.set(words, (stages.get(words) ?? 0) + resets)
  }
  const sorted = [...stages].sort((one, two) => two[1] - one[1])
  const [[only = ''] = []] = sorted
  if (sorted.length === 1) return resets === 1 ? only : `all ${only}`
  const said = sorted.slice(0, STAGES_SAID).map(([words, count]) => `${many(count)} ${words}`)
  const others = sorted.slice(STAGES_SAID).reduce((sum, [, count]) => sum + count, 0)
  if (others > 0) said.push(`${many(others)} at other times`)
  return `${said.slice(0, -1).join(', ')} and ${said.at(-1)}`
}
