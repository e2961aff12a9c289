import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import { findNetdata, freePort, startAgent } from '../../scripts/private-agent'
import { noAgentSince2 } from '../netdata/which-agent'
import { chromiumPath, openBrowser } from './browser'

// What a page says that a real agent does not answer, in a real browser. Leaves .tap/silent-*.png to look at.

const skip =
  (findNetdata() === undefined && 'needs Netdata') || (chromiumPath === undefined && 'needs Chromium')
const ALARM = '10s_ipv4_tcp_resets_sent'
const picture = (name: string): string => join(__dirname, '..', '..', '.tap', name)
const SLOW = { timeout: 60_000 }

t.test('of an agent that ends', { skip }, async t => {
  const agent = await startAgent({ dist, port: await freePort(21_300), hostname: 'demo' })
  t.teardown(() => agent.stop())
  await agent.waitForChart('ipv4.tcp_resets')
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
  // With one slash too many, which agents take.
  await page.goto(`${agent.url}//guides/tcp/${ALARM}.html`)
  await page.locator('.legend li').first().waitFor(SLOW)
  t.equal(page.url(), `${agent.url}/guides/tcp/${ALARM}.html`)
  await agent.stop()
  await page.getByText(/^The agent does not answer\. .* This is how it was at \d\d:\d\d/).waitFor(SLOW)
  await page.screenshot({ path: picture('silent-ended.png') })
})

t.test('of an agent with bearer protection', { skip: skip || noAgentSince2 }, async t => {
  const agent = await startAgent({
    ...{ dist, port: await freePort(21_300), hostname: 'demo' },
    config: { web: { 'bearer token protection': 'yes' } },
  })
  t.teardown(() => agent.stop())
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
  for (const name of [ALARM, 'index']) {
    await page.goto(`${agent.url}/guides/tcp/${name}.html`)
    await page.getByText(/^The agent tells its state to those who are signed in only .*412/).waitFor(SLOW)
    await page.screenshot({ path: picture(`silent-bearer-${name}.png`) })
  }
  const dashboard = page.getByRole('link', { name: 'Open the dashboard' })
  t.equal(await dashboard.getAttribute('href'), '/')
})
