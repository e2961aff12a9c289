import { networkInterfaces } from 'node:os'
import type { Summary } from '../../explain/explanation'
import { printable } from '../../explain/report/quote'
import { endpoint } from '../../explain/report/words'
import { portOwners } from '../../plugin/sources/port-owners'

/** So many servers are looked up on this host. */
const SERVERS = 10

/** Which programs of this host have the ports that were reset, a sentence each. Root sees them all. */
export function ownersOf({ byServer }: Summary): string[] {
  if (process.platform !== 'linux') return []
  const own = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  const servers = byServer
    .map(({ server }) => server)
    .filter(({ address }) => own.some(one => one.address === address))
    .slice(0, SERVERS)
  // Every container has a loopback; the owners are told for an address that is this namespace's alone.
  const outer = own.find(({ internal }) => !internal)?.address
  if (servers.length === 0 || outer === undefined) return []
  const owners = portOwners('')(servers.map(({ port }) => ({ port, address: outer })))
  return servers.map(server => {
    const owner = owners.get(server.port)
    const where = `${endpoint(server)} is this host's`
    if (owner === undefined) return `${where}: nobody has that port now.`
    const user = printable(owner.user ?? 'somebody')
    return owner.process === undefined
      ? `${where}: a program of ${user} has that port; root sees which.`
      : `${where}: ${printable(owner.process)} (user ${user}) has that port.`
  })
}
