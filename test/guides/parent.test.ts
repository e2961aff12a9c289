import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import { findNetdata, freePort, startAgent } from '../../scripts/private-agent'
import { chromiumPath, openBrowser } from '../browser/browser'
import { DASHBOARDS, followAlarm } from './dashboard'
import { keepResetting } from './resets'

// Two agents: a child that collects and streams, and a parent that has the rules and the guides, and raises for it.

const skip =
  (findNetdata() === undefined && 'needs Netdata') || (chromiumPath === undefined && 'needs Chromium')
const ALARM = '10s_ipv4_tcp_resets_sent'
const SLOW = { timeout: 120_000 }
const KEY = '11111111-2222-3333-4444-555555555555'

const RULE = `
   template: ${ALARM}
         on: ipv4.tcp_resets
     lookup: average -3s unaligned of sent
      units: resets/s
      every: 1s
       warn: $this > 20
       info: What to do: http://parent.example:19999/guides/tcp/${ALARM}.html
         to: silent
`

const FROM_CHILDREN = `[${KEY}]
  enabled = yes
  default memory mode = ram
  health enabled by default = yes
  default postpone alarms on connect seconds = 1
  allow from = localhost
`

t.test('a parent and its child', { skip }, async t => {
  // A parent needs the rules and the guides. The plugin is on the child only, so every value is the child's.
  const tree = mkdtempSync(join(tmpdir(), 'tcp-resets-tree-'))
  t.teardown(() => rmSync(tree, { recursive: true }))
  mkdirSync(join(tree, 'health.d'))
  writeFileSync(join(tree, 'health.d', 'tcp_resets.conf'), RULE)
  symlinkSync(join(dist, 'web'), join(tree, 'web'))

  const port = await freePort(21_200)
  const parent = await startAgent({
    dist: tree,
    port,
    hostname: 'parent',
    stockCollectors: false,
    config: { health: { 'run at least every seconds': '1' } },
    files: { 'stream.conf': FROM_CHILDREN },
  })
  t.teardown(() => parent.stop())
  const child = await startAgent({
    dist,
    hostname: 'web-1',
    stockCollectors: false,
    config: { health: { enabled: 'no' } },
    files: {
      'tcp_resets.conf': 'namespaces: { enabled: false }\n', // this machine's other tests have resets, too
      'stream.conf': `[stream]\n  enabled = yes\n  destination = tcp:127.0.0.1:${port}\n  api key = ${KEY}\n`,
    },
  })
  t.teardown(() => child.stop())
  await child.waitForChart('ipv4.tcp_resets', 60_000)
  const stopResetting = keepResetting()
  t.teardown(stopResetting)
  await parent.waitFor(
    'the parent raised the alarm for the child',
    async () => {
      const { status, body } = await parent.get('/host/web-1/api/v1/alarms')
      return (status === 200 && body.includes(`"ipv4.tcp_resets.${ALARM}"`)) || undefined
    },
    120_000,
  )

  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
  const complaints: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  const guide = `${parent.url}/host/web-1/guides/tcp/${ALARM}.html`

  t.test('the child’s guide on the parent shows the child’s values', async t => {
    await page.goto(guide)
    await page.getByText('Raised: warning').waitFor(SLOW)
    t.equal(await page.locator('.place').textContent(), 'web-1')
    t.match(await page.locator('.facts').textContent(), /^[\d,.]+ resets\/s · for \d+ s/)
    t.match(await page.locator('.legend').textContent(), /^sentnow [\d,]+.*peak \d{2}/)
    t.same(complaints, [])
    await page.screenshot({ path: join(__dirname, '..', '..', '.tap', 'guide-of-a-child.png') })
  })

  t.test('the parent’s own guide leads to it', async t => {
    await page.goto(`${parent.url}/guides/tcp/${ALARM}.html`)
    await page.getByText('Raised on other nodes here: web-1').waitFor(SLOW)
    t.equal(await page.locator('.instance').count(), 0, 'the parent has no such chart itself')
    await page.getByRole('link', { name: 'web-1' }).click()
    await page.waitForURL(guide)
    await page.getByText('Raised: warning').waitFor(SLOW)
  })

  for (const dashboard of DASHBOARDS) {
    t.test(`from the child’s dashboard ${dashboard} on the parent`, async t => {
      const desk = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      t.teardown(() => desk.close())
      await followAlarm(desk, `${parent.url}/host/web-1${dashboard}`, ALARM)
      await desk.waitForURL(guide, SLOW)
      await desk.getByText('Raised: warning').waitFor(SLOW)
      t.equal(await desk.locator('.place').textContent(), 'web-1')
    })
  }
})
