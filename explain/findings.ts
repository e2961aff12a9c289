import type { Endpoint, Finding, StageCount, Verdict } from './explanation'

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
  readonly callers: readonly { readonly address: string; readonly resets: number; readonly targets: number }[]
  readonly servers: readonly CountedServer[]
  /** Seconds of silence before each reset that came after one. */
  readonly idles: readonly number[]
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

/** Silences that are about as long as each other: a timer. */
function idleCuts({ idles }: Counted): Finding[] {
  const sorted = [...idles].sort((a, b) => a - b)
  const found: Finding[] = []
  for (let start = 0; start < sorted.length; ) {
    const shortest = sorted[start] as number
    let end = start
    while (end < sorted.length && (sorted[end] as number) <= shortest * 1.1 + 1) end += 1
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
    .filter(({ targets }) => targets >= SCAN)
    .sort((one, two) => two.targets - one.targets)
    .slice(0, OF_A_KIND)
    .map(({ address, targets, resets }) => {
      const share = resets > vain * 0.9 ? 'nearly all of them' : `${many(resets)} of them`
      const text = `One host, ${address}, asked for ${share}: ${many(targets)} different address:port pairs. That is a port scan.`
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
const STAGE_WORDS: Readonly<Record<string, string>> = {
  'only-reset': 'without any other packet of the connection',
  'after-reset': 'after a reset of the other side',
  'one-direction': 'where one direction is not in the capture',
  'unknown-connection': 'for connections that the sender did not know',
  closing: 'at the end, after a FIN',
  refused: 'right after the SYN (refused)',
  'client-cancelled': 'of callers that gave up',
  'handshake-aborted': 'within the handshake',
  idle: 'after a silence',
  'after-handshake': 'right after the handshake',
  abrupt: 'in mid-stream',
}

/** All of it in one sentence or two. */
export function inOneSentence(counted: Counted, found: readonly Finding[], copies: number): string {
  const { resets, connections, byStage, onlyResets, resetPackets } = counted
  if (resetPackets === 0) return 'There are no TCP resets in this capture.'
  if (resets === 0)
    return copies === 0
      ? `None of the ${some(resetPackets, 'TCP reset')} in this capture is of that kind.`
      : 'All resets in it are copies.'
  const stages = new Map<string, number>()
  for (const { stage, connections } of byStage) {
    if (STAGE_WORDS[stage] !== undefined) stages.set(stage, (stages.get(stage) ?? 0) + connections)
  }
  const [most, ...others] = [...stages].sort((one, two) => two[1] - one[1])
  if (onlyResets) {
    return `${some(resets, 'reset')} on ${some(connections, 'connection')}, and no other packet: the capture filter let only resets pass, so when they came is a guess from their flags.`
  }
  const where =
    most === undefined
      ? ''
      : `: ${others.length === 0 ? 'all' : `${many(most[1])} of them`} ${STAGE_WORDS[most[0]]}`
  const sentence = `${some(resets, 'reset')} on ${some(connections, 'connection')}${where}.`
  const [first] = found
  return first === undefined ? sentence : `${sentence} ${first.text}`
}
