import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { openBrowser } from '../test/browser/browser'
import { makeGrant } from '../test/tracing/grant'
import { build, dist, root } from './build'
import { type Agent, freePort, startAgent } from './private-agent'

// `npm run pictures`: makes the pictures of the README again, as root. The charts need the dashboard of Netdata 1.37, and the
// table on the alarm's page an agent from 2 on that gives it to everybody: each run makes those that its agent can.

const ALARM = '10s_ipv4_tcp_resets_sent'
const GUIDE = `guides/tcp/${ALARM}.html`
const LONG = { timeout: 120_000 }

const picture = (name: string): string => join(root, 'docs', name)

/** Somebody on the path sends a reset in the name of the server, and the connection goes on. */
const CAPTURE = join(root, 'test', 'fixtures', 'captures', 'lab__inject_goes_on.client.pcap')

async function pictureOfReport(browser: Browser): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'tcp-resets-picture-'))
  try {
    copyFileSync(CAPTURE, join(cwd, 'port.pcap'))
    const { status, stderr } = spawnSync(
      join(dist, 'bin', 'tcp-resets'),
      ['explain', '--html', 'report.html', 'port.pcap'],
      { cwd, encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(stderr)
    const tab = await browser.newPage({ viewport: { width: 800, height: 600 }, deviceScaleFactor: 1.5 })
    await tab.goto(`file://${join(cwd, 'report.html')}`)
    await tab.locator('.reset').screenshot({ path: picture('explain.png') })
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** Resets of three kinds on loopback, each second so many, for some seconds. */
async function reset(
  server: number,
  seconds: number,
  per: { refused: number; aborted: number },
): Promise<void> {
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    const ports = [
      ...Array<number>(Math.round(per.refused / 10)).fill(5432),
      ...Array<number>(Math.round(per.aborted / 10)).fill(server),
    ]
    for (const port of ports) connect(port, '127.0.0.1').on('error', () => {})
    await sleep(100)
  }
}

async function resettingServer(): Promise<Server> {
  const server = createServer((client: Socket) => client.on('error', () => {}).resetAndDestroy())
  await once(server.listen(8080, '127.0.0.1'), 'listening')
  return server
}

async function traffic(): Promise<void> {
  const server = await resettingServer()
  await reset(8080, 120, { refused: 10, aborted: 20 })
  await reset(8080, 10, { refused: 10, aborted: 180 })
  await reset(8080, 90, { refused: 10, aborted: 20 })
  await reset(8080, 30, { refused: 400, aborted: 20 })
  server.close()
}

async function pictureOfCharts(browser: Browser, agent: Agent): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1240, height: 900 }, deviceScaleFactor: 1.5 })
  await page.goto(`${agent.url}/old/#chart_ipv4_tcp_resets;theme=white`)
  const charts = ['tcp_resets', 'tcp_reset_causes'].map(name => page.locator(`[id="chart_ipv4_${name}"]`))
  for (const chart of charts) await chart.locator('canvas').first().waitFor(LONG)
  // What the dashboard lays over the charts: its bar, and a question where there are no values yet.
  await page.addStyleTag({ content: '.navbar, .dygraph__history-tip-content { display: none }' })
  await charts[0]?.evaluate('element => element.scrollIntoView()')
  await sleep(5_000) // they draw when they are looked at, with nothing to wait for
  const boxes = await Promise.all(charts.map(chart => chart.boundingBox()))
  const [first, last] = [boxes[0], boxes.at(-1)]
  if (!first || !last) throw new Error('the charts are not on the dashboard')
  const clip = { x: first.x, y: first.y, width: first.width, height: last.y + last.height - first.y }
  await page.screenshot({ path: picture('dashboard.png'), clip })
}

async function pictureOfAlarm(browser: Browser, agent: Agent): Promise<void> {
  const viewport = { width: 760, height: 900 }
  const page = await browser.newPage({ viewport, deviceScaleFactor: 1.5, colorScheme: 'dark' })
  await page.goto(`${agent.url}/${GUIDE}`)
  await page.getByText('Raised: warning').waitFor({ timeout: 400_000 })
  await page.locator('.who li').first().waitFor(LONG)
  await page.screenshot({ path: picture('guide.png') })
}

async function pictures(): Promise<void> {
  await build()
  const browser = await openBrowser()
  const grant = makeGrant('netdata')
  try {
    await pictureOfReport(browser)
    grant.grant()
    const agent = await startAgent({
      dist,
      port: await freePort(21_900),
      hostname: 'web-1',
      files: {
        'tcp_resets.conf': `${grant.config}  function_for: anyone\nnamespaces: { enabled: false }\n`,
      },
    })
    try {
      await agent.waitForChart('ipv4.tcp_resets')
      const done = traffic()
      const isOld = (await agent.get('/old/index.html')).status === 200
      if (!isOld) await pictureOfAlarm(browser, agent)
      await done
      if (isOld) await pictureOfCharts(browser, agent)
    } finally {
      await agent.stop()
    }
  } finally {
    await grant.remove()
    await browser.close()
  }
}

pictures().catch(error => {
  console.error(error)
  process.exitCode = 1
})
