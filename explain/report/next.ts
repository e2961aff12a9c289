import { type Explanation, LIVE, type Reset } from '../explanation'
import { worryOf } from './meaning'
import { shellWord } from './quote'

/** A command to type next, and what for. */
export interface Next {
  readonly command: string
  readonly why: string
}

/** What to type next: on the worst of the resets, on the server with the most of them. */
export function nextCommands(explanation: Explanation): Next[] {
  const { capture, summary, resets } = explanation
  const names = capture.files.map(({ name }) => (name === '-' || name === LIVE ? 'FILE' : shellWord(name)))
  const explain = `tcp-resets explain ${names.join(' ')}`
  const next: Next[] = []
  if (summary.resets === 0) return next
  if (capture.files.some(({ name }) => name === LIVE)) {
    next.push({
      command: 'tcp-resets explain --live --save FILE',
      why: 'keeps what it captures, to look into',
    })
  }
  if (capture.onlyResets) {
    next.push({
      command: 'tcpdump -i any -nn -s 128 -c 50000 -w FILE tcp',
      why: 'captures what comes before the resets too',
    })
  }
  const worst = worstOf(resets)
  if (worst !== undefined && names.length === 1) {
    next.push({
      command: `tshark -r ${names[0]} -Y '${filterOf(worst)}'`,
      why: `the whole connection of #${worst.frame}; Wireshark takes the filter, too`,
    })
  }
  const stage = worst && summary.byStage.filter(row => row.stage === worst.stage)
  if (worst !== undefined && (stage?.reduce((sum, row) => sum + row.resets, 0) ?? 0) > 1) {
    next.push({ command: `${explain} --stage ${worst.stage} --limit 20`, why: 'more of that kind' })
  }
  const [server] = [...summary.byServer].sort((a, b) => b.resets - a.resets)
  if (server !== undefined && summary.byServer.length > 1) {
    next.push({
      command: `${explain} --host ${server.server.address} --port ${server.server.port}`,
      why: 'only the server with the most resets',
    })
  }
  return next
}

/** Wireshark's filter looks into tunnels and VLANs, which tcpdump's does only where it is told of each. */
function filterOf({ from, to }: Reset): string {
  const ip = from.address.includes(':') ? 'ipv6' : 'ip'
  return [
    `${ip}.addr == ${from.address}`,
    `${ip}.addr == ${to.address}`,
    `tcp.port == ${from.port}`,
    `tcp.port == ${to.port}`,
  ].join(' && ')
}

function worstOf(resets: readonly Reset[]): Reset | undefined {
  let worst: Reset | undefined
  for (const reset of resets) {
    if (reset.stage !== 'copy' && (worst === undefined || worryOf(reset) < worryOf(worst))) worst = reset
  }
  return worst
}
