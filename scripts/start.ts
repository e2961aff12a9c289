/** `npm start`: builds, and shows the host's TCP resets in a private Netdata agent until it is interrupted. */

import { readdirSync } from 'node:fs'
import { build, dist } from './build'
import { ensurePackages } from './debian-packages'
import { findNetdata, freePort, lastLines, startAgent } from './private-agent'

const FIRST_PORT = 19_999
const NETDATA_NEEDED = `Netdata is needed, and is not installed here.
On Debian and Ubuntu the package is "netdata" (npm start installs it when run as root); for other systems see
https://learn.netdata.cloud/docs/netdata-agent/installation`

/** Runs until a signal or the agent's own end; gives the exit code. Rejects when it cannot be set up. */
async function start(): Promise<number> {
  if (!findNetdata()) {
    ensurePackages({ netdata: 'netdata', '/usr/share/netdata/web/index.html': 'netdata-web' })
  }
  if (!findNetdata()) throw new Error(NETDATA_NEEDED)
  await build()

  const agent = await startAgent({ dist, port: await freePort(FIRST_PORT) })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => agent.stop().catch(() => undefined)) // its faults are reported below
  }
  try {
    const welcome = agent
      .waitForChart('ipv4.tcp_resets')
      .then(() => console.log(addresses(agent.url as string)))
    await Promise.race([agent.exited, welcome])
    const how = await agent.exited
    if (how === undefined) return 0
    throw new Error(
      `The Netdata agent ended by itself (${how}). The end of its log:\n${lastLines(agent.log())}`,
    )
  } finally {
    await agent.stop()
  }
}

function addresses(url: string): string {
  const guides = readdirSync(`${dist}/web/guides/tcp`).filter(name => name.endsWith('.html'))
  return `
This host's TCP resets, every second:
  ${url}/old/#chart_ipv4_tcp_resets
  ${url}/#chart_ipv4_tcp_resets  (Netdata's newer dashboard: draws nothing in an agent's first minute)
The guides, which the alarms link to:
${guides.map(name => `  ${url}/guides/tcp/${name}`).join('\n')}

To see the chart move, make 300 resets on loopback, from another terminal:
  node -e 'for (let i = 0; i < 300; i++) net.connect(1, "127.0.0.1").on("error", () => {})'

Ctrl-C stops all of it and leaves nothing behind.`
}

start().then(
  code => {
    process.exitCode = code
  },
  error => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  },
)
