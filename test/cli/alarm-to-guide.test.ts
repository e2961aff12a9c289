import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { chromiumPath, openBrowser } from '../browser/browser'
import { followAlarm } from '../guides/dashboard'
import { noSandbox, openSandbox } from './sandbox'

// All of it once, on a real system's Netdata: installed by the command, a flood of resets, the alarm as it is shipped, and
// from its link on the dashboard to the guide, by a real browser.

const ALARM = '10s_ipv4_tcp_resets_sent'
const AGENT = 'http://127.0.0.1:19999'
const SLOW = { timeout: 60_000 }
const skip = noSandbox || (chromiumPath === undefined && 'needs Chromium')

/** 300 connects a second to a closed port, for four minutes at most. */
const FLOOD = `let rounds = 4800
const timer = setInterval(() => {
  for (let i = 0; i < 15; i++) net.connect(9, "127.0.0.1").on("error", () => {})
  if (--rounds === 0) clearInterval(timer)
}, 50)`

t.test('from an installation to the guide of a raised alarm', { skip }, async t => {
  const sandbox = await openSandbox(t)
  await sandbox.startNetdata()
  const installed = sandbox.run('install')
  t.match(installed, { status: 0, stderr: '' })
  const line = /^ *custom dashboard_info\.js = .*$/m.exec(installed.stdout)?.[0]
  t.ok(line, 'what makes links of addresses on this dashboard')
  await sandbox.stopNetdata()
  await sandbox.startNetdata(`[web]\n${line}\n`)

  const alarm = `curl -sf '${AGENT}/api/v1/alarms?all' | python3 -c '
import json, sys
for alarm in json.load(sys.stdin)["alarms"].values():
    if alarm["chart"] == "ipv4.tcp_resets": print(alarm["name"], alarm["status"], alarm["value"])'`
  const uptime = `curl -sf '${AGENT}/api/v1/data?chart=netdata.uptime&after=-1&format=csv' | tail -1`
  await sandbox.until(
    'the alarm may be raised: a minute of the agent, and one to compare with',
    `${alarm} | grep -q '^1m_ipv4_tcp_resets_sent .* [0-9]' && ${uptime} | awk -F, '{ exit $2 <= 60 }'`,
    120,
  )
  t.match(sandbox.must(alarm), `${ALARM} CLEAR`)

  const flood = sandbox.must(`'${process.execPath}' -e '${FLOOD}' >/dev/null 2>&1 & echo $!`).trim()
  await sandbox.until('the alarm is raised', `${alarm} | grep -q '^${ALARM} WARNING'`, 60)

  // The browser is this machine's; only its network is the sandbox's.
  const program = join(t.testdir({}), 'chromium')
  const script = `#!/bin/sh\nexec nsenter --net=${sandbox.network} '${chromiumPath}' "$@"\n`
  writeFileSync(program, script, { mode: 0o755 })
  const browser = await openBrowser(program)
  t.teardown(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await followAlarm(page, `${AGENT}/old/`, ALARM)
  await page.waitForURL(`${AGENT}/guides/tcp/${ALARM}.html`, SLOW)
  await page.getByText('Raised: warning').waitFor(SLOW)
  t.match(
    await page.locator('.facts').textContent(),
    /^[\d,.]+ resets\/s · for \d+ s, since \d\d:\d\d$/,
    'the guide tells the state of the alarm, live',
  )
  t.match(await page.locator('.plot svg').getAttribute('aria-label'), /sent: now [\d,.]+, peak \d/)

  const raised = sandbox.run('doctor')
  t.match(raised, {
    status: 0,
    stdout: /good +alarms .*raised: .*10s_ipv4_tcp_resets_sent on ipv4\.tcp_resets/,
  })
  t.match(raised.stdout, /\n0 wrong, 0 not checked/)
  sandbox.must(`kill ${flood}`)
})
