import { OWN_NAMESPACE } from '../charts/resets'
import type { Time } from '../clock'
import {
  type FunctionAnswer,
  type FunctionAnswers,
  type FunctionDefinition,
  refusal,
} from '../netdata/function'
import { ACCESS, tableBody } from '../netdata/table'
import type { PortOwner, WantedPort } from '../sources/port-owners'
import type { Details } from './collector'
import { DIRECTIONS, type Direction } from './event'
import { parseQuery } from './query'
import { COLUMNS, TABLE, type TableRow } from './table'
import type { TopReset } from './top-resets'

const HELP = 'Who resets whose TCP connections, and why: live, from the trace of the kernel'

const TIMEOUT = 10
/** Seconds between two looks of the dashboard; within them all get the same answer. */
const UPDATE_EVERY = 2
const OWNERS_MS = 10_000

/** Finds who holds local ports, by port. */
type FindOwners = (wanted: readonly WantedPort[]) => Promise<ReadonlyMap<number, PortOwner>>

/**
 * The Function `tcp-resets`: the table of resets.
 *
 * @param details of the moment; undefined while there are none
 * @param ownersOf finds who holds local ports; takes a while
 * @param shownTo who may call it
 */
export function tcpResetsFunction(
  details: (now: number) => Details | undefined,
  ownersOf: FindOwners,
  serviceOf: (port: number) => string | undefined,
  time: Time,
  shownTo: keyof typeof ACCESS = 'signed_in',
): FunctionDefinition {
  const made = new Map<string, { readonly at: number; readonly answer: ReturnType<FunctionAnswers> }>()
  const owners = rememberOwners(ownersOf, time)

  const tableAnswer = (
    directions: ReadonlySet<Direction>,
    current: Details,
    now: number,
  ): ReturnType<FunctionAnswers> => {
    const rows = current.rows.filter(({ direction }) => directions.has(direction))
    const wanted = rows.filter(mayHaveOwner).map(({ localPort, localAddress, container }) => ({
      port: localPort,
      address: localAddress,
      isOurs: container !== undefined,
    }))
    const withOwners = (ports: Awaited<ReturnType<FindOwners>>) => answerOf(rows, current, now, ports)
    return wanted.length === 0 ? withOwners(new Map()) : owners(wanted).then(withOwners)
  }

  const answerOf = (
    rows: readonly TopReset[],
    current: Details,
    now: number,
    ports: ReadonlyMap<number, PortOwner>,
  ): FunctionAnswer => {
    const shown = rows.map(row => tableRow(row, ports, serviceOf, time.wall() - now, current.error))
    const answer = {
      status: 200,
      ...INFO,
      ...TABLE,
      help: `${HELP}. ${coverage(current)}`,
      coverage: { resets: current.resets, read: current.read, error: Math.ceil(current.error) },
      expires: Math.floor(time.wall() / 1000) + UPDATE_EVERY,
    }
    return { status: 200, body: tableBody(answer, COLUMNS, shown), goodFor: UPDATE_EVERY }
  }

  return {
    name: 'tcp-resets',
    help: HELP,
    timeout: TIMEOUT,
    access: ACCESS[shownTo],
    answer(call) {
      const query = parseQuery(call)
      if ('fault' in query) return refusal(400, query.fault)
      if (query.infoOnly) {
        const info = { status: 200, ...INFO, type: 'table', has_history: false, help: HELP }
        return { status: 200, body: `${JSON.stringify(info)}\n`, goodFor: 3600 }
      }
      const key = [...query.directions].join()
      const now = time.monotonic()
      const last = made.get(key)
      if (last !== undefined && now - last.at < UPDATE_EVERY * 1000) return last.answer
      const current = details(now)
      if (current === undefined)
        return refusal(
          503,
          "nothing can be read from the kernel's trace: as root, run: tcp-resets grant (see docs/tracing.md)",
        )
      const answer = tableAnswer(query.directions, current, now)
      made.set(key, { at: now, answer })
      return answer
    },
  }
}

/** What the dashboard asks first: how to ask. 3: it may post its selections as JSON. */
const INFO = {
  v: 3,
  update_every: UPDATE_EVERY,
  accepted_params: ['info', 'resets'],
  required_params: [
    {
      id: 'resets',
      name: 'Resets',
      help: 'Resets that this machine sent, or that it received',
      type: 'multiselect',
      options: DIRECTIONS.map(id => ({
        id,
        name: id === 'sent' ? 'Sent' : 'Received',
        defaultSelected: true,
      })),
    },
  ],
}

/** Where the kernel says there was no socket, whoever has the port now had no part in it. */
function mayHaveOwner(row: TopReset): row is TopReset & { localPort: number } {
  return (
    row.localPort !== undefined &&
    row.stage !== 'no connection' &&
    row.task === undefined &&
    (row.container === undefined || row.container === OWN_NAMESPACE.labels.namespace)
  )
}

function tableRow(
  row: TopReset,
  owners: ReadonlyMap<number, PortOwner>,
  serviceOf: (port: number) => string | undefined,
  wallAtZero: number,
  error: number,
): TableRow {
  const { localPort, peerPort, task } = row
  const nameOf = (port: number | undefined) => (port === undefined ? undefined : serviceOf(port))
  const service = nameOf(localPort) ?? nameOf(peerPort)
  const socketOwner = mayHaveOwner(row) ? owners.get(row.localPort) : undefined
  const owner = task === undefined ? socketOwner : { process: task }
  return {
    ...row,
    ...(service !== undefined && { service }),
    ...(owner !== undefined && { owner }),
    seenAt: wallAtZero + row.lastSeen,
    error,
  }
}

function coverage({ resets, read, error }: Details): string {
  const part =
    read >= resets
      ? 'Every reset was read.'
      : `${read} of ${resets} resets were read; they stand for the others too, so counts are estimates.`
  return error < 1 ? part : `${part} A count can be too low by ${Math.ceil(error)} at most.`
}

/** The owners of the ports that are shown, looked for again when others are shown or the answer has grown old. */
function rememberOwners(ownersOf: FindOwners, time: Time): FindOwners {
  let last: { readonly at: number; readonly key: string; readonly owners: ReturnType<FindOwners> } | undefined
  return wanted => {
    const now = time.monotonic()
    const key = wanted
      .map(({ port, address }) => `${port} ${address}`)
      .sort()
      .join()
    if (last === undefined || last.key !== key || now - last.at >= OWNERS_MS) {
      last = { at: now, key, owners: ownersOf(wanted) }
    }
    return last.owners
  }
}
