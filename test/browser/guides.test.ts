import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import t from 'tap'
import { dist } from '../../scripts/build'
import { findNetdata, freePort, startAgent } from '../../scripts/private-agent'
import { DASHBOARDS, followAlarm } from '../guides/dashboard'
import { keepResetting } from '../guides/resets'
import { chromiumPath, openBrowser } from './browser'

// A real agent, real resets, a real browser: from the alarm on the dashboards to its guide, and what is live there.
// Leaves .tap/guide-*.png and .tap/guide.pdf to look at.

const skip =
  (findNetdata() === undefined && 'needs Netdata') || (chromiumPath === undefined && 'needs Chromium')
const ALARM = '10s_ipv4_tcp_resets_sent'
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }
const SLOW = { timeout: 120_000 }

const shipped = readFileSync(join(dist, 'health.d', 'tcp_resets.conf'), 'utf8')
const info = new RegExp(`template: ${ALARM}\n[\\s\\S]*?\n( *info: .*)`).exec(shipped)?.[1]

/** The alarm by its name and its words, with a rule that needs no minute of history. */
const QUICK_RULE = `
   template: ${ALARM}
         on: ipv4.tcp_resets
     lookup: average -3s unaligned of sent
      units: resets/s
      every: 1s
       warn: $this > 20
${info}
         to: silent
`

const picture = (name: string): string => join(__dirname, '..', '..', '.tap', name)

t.test('from a real alarm to its guide', { skip }, async t => {
  const agent = await startAgent({
    dist,
    port: await freePort(21_100),
    hostname: 'demo',
    config: { health: { 'run at least every seconds': '1' } },
    files: {
      'health.d/tcp_resets.conf': QUICK_RULE,
      'tcp_resets.conf': 'namespaces: { enabled: false }\n', // this machine's other tests have resets, too
    },
  })
  t.teardown(() => agent.stop())
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const guide = `${agent.url}/guides/tcp/${ALARM}.html`

  const complaints: string[] = []
  const requests: string[] = []
  const open = async (options: BrowserContextOptions): Promise<Page> => {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    page.on('request', request => requests.push(request.url()))
    return page
  }
  const close = (page: Page): Promise<void> => page.context().close()

  t.match(info, `/guides/tcp/${ALARM}.html`, 'the shipped alarm links to its guide')
  await agent.waitForChart('ipv4.tcp_resets')
  const stopResetting = keepResetting()
  t.teardown(stopResetting)

  const phone = await open({ ...PHONE, colorScheme: 'dark' })
  await phone.goto(guide)
  t.test('live, while resets happen', async t => {
    await phone.getByText('Raised: warning').waitFor(SLOW)
    t.equal(await phone.locator('.place').textContent(), 'demo')
    t.match(await phone.locator('.facts').textContent(), /^[\d,.]+ resets\/s · for \d+ s, since \d\d:\d\d$/)
    t.match(
      await phone.locator('.legend').textContent(),
      /^sentnow [\d,.]+.*received \(estimated\)now [\d,.]+/,
    )
    t.match(await phone.locator('.plot svg').getAttribute('aria-label'), /sent: now [\d,.]+, peak \d/)
    const asked = await phone.locator('.asked').textContent()
    await phone.locator('.asked', { hasNotText: asked ?? '' }).waitFor(SLOW)
    t.equal(await phone.evaluate('document.documentElement.scrollWidth'), 390, 'no sideways scrolling')
    await phone.screenshot({ path: picture('guide-phone-dark.png') })
  })

  for (const dashboard of DASHBOARDS) {
    t.test(`from the dashboard ${dashboard}`, async t => {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      t.teardown(() => page.close())
      await followAlarm(page, `${agent.url}${dashboard}`, ALARM)
      await page.waitForURL(guide, SLOW)
      await page.getByText('Raised: warning').waitFor(SLOW)
      t.match(await page.locator('.facts').textContent(), /^[\d,.]+ resets\/s/)
    })
  }

  t.test('light, on a desk and on paper', async t => {
    const page = await open({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' })
    await page.goto(guide)
    await page.locator('.legend li').first().waitFor(SLOW)
    t.ok(await page.locator('.toc a').first().isVisible(), 'the contents are beside the text')
    await page.getByRole('link', { name: 'Quiet the alarm, properly' }).click()
    t.equal(new URL(page.url()).hash, '#quiet-the-alarm-properly')
    t.ok(await page.locator('#quiet-the-alarm-properly .anchor').isVisible())
    await page.goto(guide)
    await page.locator('.legend li').first().waitFor(SLOW)
    await page.screenshot({ path: picture('guide-desk-light.png') })

    const pdf = await page.pdf({ path: picture('guide.pdf'), format: 'A4' })
    t.equal(pdf.subarray(0, 5).toString(), '%PDF-')
    await page.setViewportSize({ width: 680, height: 960 })
    await page.emulateMedia({ media: 'print' })
    t.equal(await page.locator('.toc').isVisible(), false)
    t.equal(await page.locator('.copy').first().isVisible(), false)
    t.equal(await page.locator('.instance').isVisible(), true)
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 680)
    await page.screenshot({ path: picture('guide-print.png') })
    await close(page)
  })

  t.test('every page fits on a phone, and the index tells the states', async t => {
    const page = await open({ ...PHONE, colorScheme: 'light' })
    await page.goto(`${agent.url}/guides/tcp`)
    await page.locator('.badge', { hasText: 'Raised: warning' }).waitFor(SLOW)
    await page.screenshot({ path: picture('guide-index.png') })
    const links = await page.locator('.guides a').all()
    const names = await Promise.all(links.map(link => link.getAttribute('href')))
    for (const name of names) {
      await page.locator(`.guides a[href="${name}"]`).click()
      await page.waitForURL(`${agent.url}/guides/tcp/${name}`)
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, `${name}`)
      await page.goBack()
    }
    await close(page)
  })

  t.test('live, when they stop', async t => {
    await stopResetting()
    await phone.getByText('Not raised').waitFor(SLOW)
    t.match(await phone.locator('.legend').textContent(), /peak \d{2}/, 'the burst is still on the chart')
    await close(phone)
  })

  t.test('no page asked anybody else, or had anything refused', async t => {
    const allowed = /^\/(guides\/tcp(\/[\w.]*)?|api\/v1\/(alarms|data|chart|info|function))$/
    for (const url of requests) {
      if (new URL(url).origin === agent.url && allowed.test(new URL(url).pathname)) continue
      t.fail(`asked for ${url}`)
    }
    t.same(complaints, [])
  })
})
