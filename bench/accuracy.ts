import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dist } from '../scripts/build'
import { type Hosts, makeHosts, whyNoHosts } from '../test/kernel/hosts'
import { type PluginReader, readPlugin } from '../test/kernel/plugin-reader'
import type { ReadBoth } from './accuracy/judge'
import { measureMixedLoad } from './accuracy/mixed-load'
import { measureScenarios } from './accuracy/scenarios'
import type { Table } from './table'

// How far `sent` and `received` are from the wire, as the built plugin publishes them, and how far Netdata's own
// measure of resets received, AttemptFails, is.

const PLUGIN = join(dist, 'plugins.d', 'tcp_resets.plugin')

const CONNECTIONS = 120_000

const WHY = `\`received\` misses a reset that met a connection being closed already. It misses one more for each time that data
crossed a close: the kernel counts that like an own abort of an established connection (TCPAbortOnData).`

export async function bench(): Promise<readonly Table[]> {
  const why = whyNoHosts() ?? (existsSync(PLUGIN) ? undefined : `${PLUGIN} is not built`)
  if (why !== undefined) throw new Error(`the accuracy can't be measured here: ${why}`)
  return [...(await onHosts(measureScenarios)), await onHosts(estimateUnderLoad)]
}

/** What the estimate misses under a mixed load, with the reason. */
async function estimateUnderLoad(hosts: Hosts, readBoth: ReadBoth): Promise<Table> {
  const table = await measureMixedLoad(hosts, CONNECTIONS, readBoth)
  return { ...table, note: `${table.note}\n${WHY}` }
}

/** Two hosts of their own for a measurement, with the plugin running in both. */
async function onHosts<Measured>(
  measure: (hosts: Hosts, readBoth: ReadBoth) => Promise<Measured>,
): Promise<Measured> {
  const hosts = makeHosts()
  const readers: PluginReader[] = []
  try {
    const [a, b] = [hosts.a, hosts.b].map(({ namespace }) => {
      const reader = readPlugin(namespace, PLUGIN, '1')
      readers.push(reader)
      return reader
    }) as [PluginReader, PluginReader]
    return await measure(hosts, async () => {
      const [A, B] = await Promise.all([a.nextTick(), b.nextTick()])
      return { A, B }
    })
  } finally {
    await Promise.all(readers.map(reader => reader.stop()))
    await hosts.remove()
  }
}
