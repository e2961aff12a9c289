import type { Connection, PendingReset, Side } from './connection'
import type {
  Endpoint,
  Finding,
  Reset,
  ServerCount,
  Stage,
  StageCount,
  Summary,
  Verdict,
} from './explanation'
import { type Counted, findings, inOneSentence } from './findings'
import { nameOf } from './hosts'
import { clientOf, endpointOf } from './settle'

// Counts over all resets, also over those that are not explained one by one. Copies are counted as such, and nowhere else.

/** So many servers, and callers of them, are told apart. A scan can ask for millions. */
const MOST_SERVERS = 10_000
const MOST_CLIENTS = 10_000
/** So many connections are counted under the worst verdict on their resets. */
const MOST_JUDGED = 200_000

interface Server {
  readonly endpoint: Endpoint
  resets: number
  connections: number
  readonly clients: Set<string>
  /** Connections by how they ended: refused, or reset after the handshake by this server. */
  refused: number
  afterHandshake: number
  givenUp: number
}

interface Caller {
  readonly address: string
  resets: number
  /** Different addresses and ports that it asked for in vain. */
  readonly targets: Set<string>
  readonly ports: Set<number>
}

export interface Tally {
  /** Counts a reset. @returns how many of its kind there were, with it */
  count(reset: PendingReset): number
  /** Counts what was found of its sender. */
  verdict(reset: PendingReset, told: Reset): void
  /** Takes what is asked of connections that come to their end, or to that of the capture. */
  letGo(gone: readonly Connection[]): void
  end(seen: Pick<Counted, 'onlyResets' | 'resetPackets'>): Summary
}

/** From the most to the least telling. */
const RANK: readonly Verdict[] = [
  'somebody-else',
  'somebody-else-possible',
  'contradictory',
  'peer-likely',
  'peer-possible',
  'unknown',
]

export function tally(): Tally {
  const stages = new Map<
    string,
    { stage: Stage; detail: string | undefined; resets: number; connections: number }
  >()
  const servers = new Map<string, Server>()
  const callers = new Map<string, Caller>()
  const verdicts = new Map<number, number>()
  /** Servers with a SYN+ACK in the capture. */
  const answered = new Set<string>()
  const idles: number[] = []
  let resets = 0
  let copies = 0
  let repeats = 0
  let connections = 0
  let vain = 0

  function countServer(reset: PendingReset, isNew: boolean): void {
    const client = clientOf(reset)
    const side = client === reset.from ? reset.to : reset.from
    const key = keyOf(side)
    let server = servers.get(key)
    if (server === undefined) {
      if (servers.size >= MOST_SERVERS) return
      server = {
        endpoint: endpointOf(side),
        resets: 0,
        connections: 0,
        clients: new Set(),
        refused: 0,
        afterHandshake: 0,
        givenUp: 0,
      }
      servers.set(key, server)
    }
    server.resets += 1
    if (server.clients.size < MOST_CLIENTS) server.clients.add(nameOf(client.host))
    if (!isNew) return
    server.connections += 1
    if (isRefusal(reset)) server.refused += 1
    if (reset.stage === 'after-handshake' && reset.from === side) server.afterHandshake += 1
    if (reset.stage === 'handshake-aborted') server.givenUp += 1
  }

  /** A connect that came to nothing: what a scan is made of. */
  function countCaller(reset: PendingReset): void {
    if (!isRefusal(reset) && reset.detail !== 'client-resets-syn-ack') return
    vain += 1
    const client = clientOf(reset)
    const server = client === reset.from ? reset.to : reset.from
    const address = nameOf(client.host)
    let caller = callers.get(address)
    if (caller === undefined) {
      if (callers.size >= MOST_CLIENTS) return
      caller = { address, resets: 0, targets: new Set(), ports: new Set() }
      callers.set(address, caller)
    }
    caller.resets += 1
    if (caller.targets.size < MOST_JUDGED) caller.targets.add(keyOf(server))
    caller.ports.add(server.port)
  }

  return {
    count(reset) {
      const { stage, detail, connection } = reset
      const key = detail === undefined ? stage : `${stage}/${detail}`
      const kind = stages.get(key) ?? { stage, detail, resets: 0, connections: 0 }
      stages.set(key, kind)
      kind.resets += 1
      if (stage === 'copy') {
        copies += 1
        return kind.resets
      }
      resets += 1
      if (stage === 'repeat') repeats += 1
      const isNew = connection.kinds.length === 0
      if (!connection.kinds.includes(key)) {
        connection.kinds = [...connection.kinds, key]
        kind.connections += 1
      }
      if (isNew) connections += 1
      countServer(reset, isNew)
      countCaller(reset)
      if (stage === 'idle' && !reset.silenceAtLeast && idles.length < MOST_JUDGED) idles.push(reset.silence)
      return kind.resets
    },
    verdict({ stage, connection }, { sender }) {
      if (stage === 'copy') return
      const rank = RANK.indexOf(sender.is)
      const before = verdicts.get(connection.number)
      if (before === undefined && verdicts.size >= MOST_JUDGED) return
      if (before === undefined || rank < before) verdicts.set(connection.number, rank)
    },
    letGo(gone) {
      for (const { a, b } of gone) {
        for (const side of [a, b]) {
          if (side.synAcks > 0 && answered.size < MOST_JUDGED) answered.add(keyOf(side))
        }
      }
    },
    end({ onlyResets, resetPackets }) {
      const byStage: StageCount[] = [...stages.values()].map(({ detail, ...kind }) => ({
        ...kind,
        ...(detail === undefined ? {} : { detail }),
      }))
      const bySender = Object.fromEntries(RANK.map(verdict => [verdict, 0])) as Record<Verdict, number>
      for (const rank of verdicts.values()) bySender[RANK[rank] as Verdict] += 1
      const byServer: ServerCount[] = [...servers.values()].map(
        ({ endpoint, resets, connections, clients }) => ({
          server: endpoint,
          resets,
          connections,
          clients: clients.size,
        }),
      )
      const counted: Counted = {
        resets,
        connections,
        onlyResets,
        resetPackets,
        byStage,
        bySender,
        vain,
        callers: [...callers.values()].map(({ targets, ...caller }) => ({
          ...caller,
          targets: targets.size,
        })),
        servers: [...servers].map(([key, server]) => ({
          endpoint: server.endpoint,
          resets: server.resets,
          clients: server.clients.size,
          refused: server.refused,
          afterHandshake: server.afterHandshake,
          givenUp: server.givenUp,
          hasAnswered: answered.has(key),
        })),
        idles,
      }
      const found: Finding[] = findings(counted)
      return {
        resets,
        copies,
        repeats,
        connections,
        byStage: byStage.sort((one, two) => two.resets - one.resets),
        byServer: byServer.sort((one, two) => two.resets - one.resets),
        bySender,
        findings: found,
        finding: inOneSentence(counted, found, copies),
      }
    },
  }
}

function isRefusal({ stage, detail }: PendingReset): boolean {
  return stage === 'refused' || (stage === 'only-reset' && detail === 'answer-to-syn')
}

/** By the address as it is written: hosts are forgotten with their connections, and are new ones when they come back. */
function keyOf({ host, port }: Side): string {
  return `${nameOf(host)} ${port}`
}
