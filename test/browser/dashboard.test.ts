import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import { findNetdata, freePort, startAgent } from '../../scripts/private-agent'
import { DASHBOARDS } from '../guides/dashboard'
import { chromiumPath, openBrowser } from './browser'

// What a person sees: the dashboard of a real agent in a real browser. Leaves .tap/dashboard.png to look at.

const skip =
  (findNetdata() === undefined && 'needs Netdata') ||
  (chromiumPath === undefined && 'needs Chromium') ||
  (DASHBOARDS.length === 0 && 'needs the dashboards of Netdata 1.37')

/** A burst of connects to a closed port. */
function burst(count: number): Promise<void> {
  return new Promise(resolve => {
    let left = count
    const next = (): void => {
      if (left-- === 0) resolve()
      else connect(9, '127.0.0.1').on('error', next)
    }
    next()
  })
}

t.test('the chart is on the dashboards, and moves', { skip }, async t => {
  const agent = await startAgent({ dist, port: await freePort(21_000), hostname: 'demo' })
  t.teardown(() => agent.stop())
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  await agent.waitForChart('ipv4.tcp_resets')
  for (const count of [40, 40, 40, 300, 300, 300]) {
    await burst(count)
    const { last_entry } = await agent.waitForChart('ipv4.tcp_resets')
    await agent.waitFor(
      'the next second',
      async () => (await agent.waitForChart('ipv4.tcp_resets')).last_entry > last_entry || undefined,
    )
  }

  for (const dashboard of DASHBOARDS) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 560 } })
    await page.goto(`${agent.url}${dashboard}#chart_ipv4_tcp_resets;theme=white`)
    const chart = page.locator('[id="chart_ipv4_tcp_resets"]')
    await chart.locator('canvas').first().waitFor()
    const text = await chart.textContent()
    t.match(text, /received is an estimate/, dashboard)
    t.match(text, /sent[\s\S]*received/, dashboard)
    // The other dashboard draws nothing, not even Netdata's own charts, before the agent has a minute of history.
    if (dashboard === '/') continue
    const scale = chart.locator('.dygraph-axis-label-y', { hasText: /^[23]\d\d/ })
    await scale.first().waitFor()
    t.ok(await scale.count(), 'the burst is drawn')
    await page.screenshot({ path: join(__dirname, '..', '..', '.tap', 'dashboard.png') })
  }
})
