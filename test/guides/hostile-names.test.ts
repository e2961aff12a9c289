import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { dist } from '../../scripts/build'
import { findNetdata, freePort, startAgent } from '../../scripts/private-agent'
import { chromiumPath, openBrowser } from '../browser/browser'

// A real agent whose names try to be HTML: its own, a container's, and those in an alarm. It passes them on.

const skip =
  (findNetdata() === undefined && 'needs Netdata') || (chromiumPath === undefined && 'needs Chromium')
const ALARM = '10s_ipv4_tcp_resets_sent'
const HOSTILE = '<img src=x onerror=alert(1)>'

/** Makes up the host with 3 resets a second, and a container with 70. */
const PLUGIN = `#!/bin/sh
for chart in tcp_resets tcp_resets_web; do
  echo "CHART ipv4.$chart '' 'TCP resets' 'resets/s' 'tcp' ipv4.tcp_resets line 5231 1"
  echo "DIMENSION sent '' incremental 1 1"
  echo "DIMENSION received '' incremental 1 1"
  echo "CLABEL namespace '${HOSTILE}' 1"
  echo "CLABEL_COMMIT"
done
n=0
while :; do
  n=$((n + 1))
  printf 'BEGIN ipv4.tcp_resets\\nSET sent = %s\\nSET received = 0\\nEND\\n' $((n * 3))
  printf 'BEGIN ipv4.tcp_resets_web\\nSET sent = %s\\nSET received = %s\\nEND\\n' $((n * 70)) $n
  sleep 1
done
`

const RULE = `
   template: ${ALARM}
         on: ipv4.tcp_resets
     lookup: average -3s unaligned of sent
      units: ${HOSTILE}/s
      every: 1s
       warn: $this > 20
       info: ${HOSTILE} <script>alert(1)</script>
         to: silent
`

t.test('names that try to be HTML, in a real agent', { skip }, async t => {
  const tree = mkdtempSync(join(tmpdir(), 'tcp-resets-tree-'))
  t.teardown(() => rmSync(tree, { recursive: true }))
  for (const dir of ['plugins.d', 'health.d']) mkdirSync(join(tree, dir))
  writeFileSync(join(tree, 'plugins.d', 'made_up.plugin'), PLUGIN, { mode: 0o755 })
  writeFileSync(join(tree, 'health.d', 'tcp_resets.conf'), RULE)
  symlinkSync(join(dist, 'web'), join(tree, 'web'))

  const agent = await startAgent({
    dist: tree,
    port: await freePort(21_300),
    hostname: HOSTILE,
    stockCollectors: false,
    config: { health: { 'run at least every seconds': '1' } },
  })
  t.teardown(() => agent.stop())
  const browser = await openBrowser()
  t.teardown(() => browser.close())

  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => requests.push(request.url()))
  page.on('dialog', dialog => {
    complaints.push(dialog.message())
    dialog.dismiss().catch(() => undefined)
  })
  await agent.waitForChart('ipv4.tcp_resets_web', 60_000)
  await page.goto(`${agent.url}/host/${encodeURIComponent(HOSTILE)}/guides/tcp/${ALARM}.html`)
  await page.getByText('Raised: warning').waitFor({ timeout: 120_000 })

  const places = await page.locator('.place').allTextContents()
  t.equal(places[0], HOSTILE, 'the host comes first, by its own name')
  t.match(places[1], `${HOSTILE}, container _img`, 'the agent itself mends labels, not its name')
  t.same(await page.locator('.state').allTextContents(), ['Not raised', 'Raised: warning'])
  const facts = page.locator('.facts').nth(1)
  t.match(await facts.textContent(), /^\d[\d.]* <img src=x onerror=alert\(1\)>\/s · for \d+ s/)
  t.match(await page.locator('.legend').nth(1).textContent(), /^sentnow \d.*received \(estimated\)now \d/)
  t.equal(await page.locator('#live img, #live script').count(), 0)
  t.same(complaints, [])
  t.same(
    requests.filter(url => !url.startsWith(`${agent.url}/host/`) && !url.endsWith('/api/v1/info')),
    [],
  )
  await page.screenshot({ path: join(__dirname, '..', '..', '.tap', 'guide-container.png') })
})
