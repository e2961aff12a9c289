import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Summary } from '../../explain/explanation'
import { printable } from '../../explain/report/quote'
import { endpoint } from '../../explain/report/words'
import { attempt } from '../../plugin/attempt'
import { inSlices } from '../../plugin/in-slices'
import { addressOf, parseTcpSockets } from '../../plugin/sources/net-tcp'
import { portOwners } from '../../plugin/sources/port-owners'

/** So many servers are looked up on this host. */
const SERVERS = 10
/** A person waits for this once; a busy proxy has very many open files. */
const PATIENCE_MS = 20_000

/** Which programs of this host have the ports that were reset, a sentence each. Root sees them all. */
export async function ownersOf({ byServer }: Summary): Promise<string[]> {
  if (process.platform !== 'linux') return []
  const own = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  const servers = byServer
    .map(({ server }) => server)
    .filter(({ address }) => own.some(one => one.address === address))
    .slice(0, SERVERS)
  // Every container has a loopback; the owners are told for an address that is this namespace's alone.
  const outer = own.find(({ internal }) => !internal)?.address
  if (servers.length === 0 || outer === undefined) return []
  const search = portOwners('', { mayHaveOthers: () => true, patience: PATIENCE_MS })
  const owners = await inSlices(search(servers.map(({ port }) => ({ port, address: outer }))))
  return servers.map(server => {
    const owner = owners.get(server.port)
    const where = `${endpoint(server)} is this host's`
    if (owner === undefined) return `${where}: nobody has that port now.`
    const user = printable(owner.user ?? 'somebody')
    const alone =
      !isLoopback(server.address) && listensOnLoopbackAlone(server.port)
        ? ', but listens on loopback alone, where others cannot reach it'
        : ''
    return owner.process === undefined
      ? `${where}: a program of ${user} has that port${alone}${process.getuid?.() === 0 ? '' : '; root sees which'}.`
      : `${where}: ${printable(owner.process)} (user ${user}) has that port${alone}.`
  })
}

const isLoopback = (address: string): boolean =>
  isIPv4(address) ? address.startsWith('127.') : address === '::1'

function listensOnLoopbackAlone(port: number): boolean {
  const addresses = ['tcp', 'tcp6']
    .flatMap(file => parseTcpSockets(read(`/proc/net/${file}`)))
    .filter(({ local, listens }) => listens && local.port === port)
    .map(({ local }) => addressOf(local))
  return addresses.length > 0 && addresses.every(isLoopback)
}

function read(path: string): string {
  return attempt(() => readFileSync(path, 'latin1')) ?? '' // no IPv6 here
}
