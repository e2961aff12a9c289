/** What runs as root in the booted kernel: the mixed load between two namespaces, and the charts that one plugin makes of it. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { makeHosts, PYTHON } from '../../test/kernel/hosts'
import { LETTERS } from '../../test/kernel/scenario-table'
import { startPlugin } from '../../test/kernels/guest-plugin'
import { measureMixedLoad } from '../accuracy/mixed-load'
import type { Table } from '../table'

/** What the bench gets to know, as JSON on the last line that starts with REPORT. */
export type Report = Table

/** What a kernel without KVM gets done in some minutes. */
const CONNECTIONS = 3000
/** What waits in the buffers counts when it is read. */
const SETTLING_TICKS = 5

async function main(): Promise<void> {
  for (const folder of ['/run/netns', '/dev/shm']) mkdirSync(folder, { recursive: true })
  // Python's locks between processes are files there.
  spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', '/dev/shm'])
  const hosts = makeHosts()
  const inside = [hosts.a, hosts.b].map(({ namespace }) =>
    spawn('ip', ['netns', 'exec', namespace, 'sleep', '100000'], { stdio: 'ignore' }),
  )
  const { status, stderr } = spawnSync('/usr/bin/tcp-resets', ['grant'], { encoding: 'utf8' })
  if (status !== 0 || stderr !== '') throw new Error(`grant: ${stderr}`)
  const charts = { A: `ipv4.tcp_resets_${hosts.a.namespace}`, B: `ipv4.tcp_resets_${hosts.b.namespace}` }
  const plugin = startPlugin()
  // Only a namespace with TCP traffic gets a chart.
  const refused = [PYTHON, `${__dirname}/flood.py`, hosts.b.ipv4, '9', '1']
  spawnSync('ip', ['netns', 'exec', hosts.a.namespace, ...refused])
  await plugin.until(() => LETTERS.every(letter => 'sent' in plugin.values(charts[letter])))
  let number = 0
  const seen = (letter: keyof typeof charts) => ({
    number,
    charts: new Map([
      [
        'ipv4.tcp_resets',
        new Map(Object.entries(plugin.values(charts[letter])).map(([id, value]) => [id, BigInt(value)])),
      ],
    ]),
  })
  const table = await measureMixedLoad(hosts, CONNECTIONS, async () => {
    for (let ticks = 0; ticks < SETTLING_TICKS; ticks++) await plugin.tick()
    number++
    return { A: seen('A'), B: seen('B') }
  })
  plugin.stop()
  for (const child of inside) child.kill()
  console.log(`REPORT ${JSON.stringify(table satisfies Report)}`)
}

main().catch(error => {
  console.log(error)
  process.exit(1)
})
