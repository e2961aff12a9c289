import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import { dist } from '../../scripts/build'
import { chromiumPath, openBrowser } from '../browser/browser'
import { type Answer, json, servePages } from './page-server'

// The pages in a real browser, with anything but a well-behaved agent behind them.

const skip = chromiumPath === undefined && 'needs Chromium'
const ALARM = '10s_ipv4_tcp_resets_sent'
const HOSTILE = '<img src=x onerror="document.title=`owned`"><script>document.title=`owned`</script>"\'&amp;'

interface Seen {
  /** What the browser complains of: exceptions, refused scripts, failed requests. */
  readonly complaints: string[]
  readonly requests: string[]
}

async function openPage(context: BrowserContext): Promise<{ page: Page; seen: Seen }> {
  const page = await context.newPage()
  const seen: Seen = { complaints: [], requests: [] }
  page.on('console', message => seen.complaints.push(message.text()))
  page.on('pageerror', error => seen.complaints.push(error.message))
  page.on('request', request => seen.requests.push(request.url()))
  return { page, seen }
}

const now = 1_700_000_600

function alarm(chart: string, status: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ name: ALARM, chart, status, value: 12.5, units: 'resets/s', last_status_change: now - 240 },
    ...more,
  }
}

/** Ten minutes of values, up to `age` seconds ago. */
function data(age = 0): Answer {
  const rows = Array.from({ length: 600 - age }, (_, index) => [now - age - index, index % 40, index % 7])
  return json({ labels: ['time', 'sent', 'received'], data: rows })
}

function api(
  alarms: readonly Record<string, unknown>[],
  more: { labels?: unknown; hostname?: string; nodes?: string[]; age?: number } = {},
): (path: string) => Answer | undefined {
  return path => {
    if (path.includes('/api/v1/alarms'))
      return json({
        hostname: more.hostname ?? 'demo',
        now,
        alarms: Object.fromEntries(Object.entries(alarms)),
      })
    if (path.includes('/api/v1/data')) return data(more.age)
    if (path.includes('/api/v1/chart')) return json({ chart_labels: more.labels })
    if (path.includes('/api/v1/info')) return json({ mirrored_hosts: more.nodes })
    return undefined
  }
}

t.test('in a browser', { skip }, async t => {
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } })

  t.test('opened as a file it is a page, and asks nobody', async t => {
    const { page, seen } = await openPage(context)
    await page.goto(`file://${dist}/web/guides/tcp/${ALARM}.html`)
    t.equal(await page.locator('#live').isVisible(), false)
    t.equal(await page.locator('.copy').count(), await page.locator('figure.code').count(), 'the script ran')
    await page.getByRole('link', { name: 'All guides' }).click()
    await page.getByRole('heading', { name: 'TCP resets: the guides' }).waitFor()
    t.same(seen.complaints, [])
    t.same(
      seen.requests.filter(url => !url.startsWith(`file://${dist}/web/guides/tcp/`)),
      [],
    )
    await page.close()
  })

  const useless: Record<string, Answer> = {
    'not found': { status: 404, body: 'no' },
    'a page instead of JSON': { type: 'text/html', body: '<h1>Welcome</h1>' },
    'JSON of something else': json([1, 2, { alarms: 3 }]),
    'alarms of something else': json({ alarms: { a: null, b: 1, c: { name: ALARM } } }),
  }
  for (const [name, answer] of Object.entries(useless)) {
    t.test(`from a server that answers: ${name}`, async t => {
      const server = await servePages(() => answer)
      const { page, seen } = await openPage(context)
      await page.goto(`${server.url}/guides/tcp/${ALARM}.html`, { waitUntil: 'networkidle' })
      t.equal(await page.locator('#live').isVisible(), false, 'no live part')
      t.equal(await page.locator('h1').isVisible(), true)
      // The browser itself notes a failed request; the page adds nothing to that.
      t.same(
        seen.complaints.filter(text => !/^Failed to load resource/.test(text)),
        [],
      )
      await page.close()
      await server.close()
    })
  }

  const silent: [status: number, says: RegExp, asTheDashboardIsToBeOpened: boolean][] = [
    [401, /^What is before the agent wants to know who asks \(401\): sign in at this address/, true],
    [403, /^This browser may not ask the agent \(403\): .*allow dashboard from/, true],
    [412, /^The agent tells its state to those who are signed in only \(bearer protection, 412\)/, true],
    [451, /^The agent does not take questions from this address \(451\): .*allow dashboard from/, true],
    [503, /^The agent does not answer\. On its machine, “sudo tcp-resets doctor” says why/, false],
  ]
  for (const [status, says, hasLink] of silent) {
    t.test(`it says why nothing is told: ${status}, and asks again later`, async t => {
      const answers = api([alarm('ipv4.tcp_resets', 'CLEAR')])
      let refuses = true
      const server = await servePages(path => (refuses ? { status, body: '' } : answers(path)))
      t.teardown(() => server.close())
      const { page, seen } = await openPage(context)
      await page.clock.install()
      for (const name of [ALARM, 'index']) {
        refuses = true
        await page.goto(`${server.url}/netdata/guides/tcp/${name}.html`)
        await page.getByText(says).waitFor()
        const link = page.getByRole('link', { name: 'Open the dashboard', exact: true })
        t.equal(await link.count(), hasLink ? 1 : 0)
        if (hasLink) t.equal(await link.getAttribute('href'), '/netdata/')
        refuses = false
        await page.clock.fastForward('00:31')
        await page.locator('.instance, .badge').first().waitFor()
        t.equal(await page.getByText(says).count(), 0)
        t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
      }
      t.same(
        seen.complaints.filter(text => !/^Failed to load resource/.test(text)),
        [],
      )
      await page.close()
    })
  }

  t.test('it says so when nobody is there any more, or only refuses', async t => {
    const answers = api([alarm('ipv4.tcp_resets', 'CLEAR')])
    let refuses = false
    const server = await servePages(path => (refuses ? { status: 412, body: '' } : answers(path)))
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    await page.locator('.instance').waitFor()
    refuses = true
    await page.getByText(/bearer protection, 412.* This is how it was at \d\d:\d\d/).waitFor()
    await server.close()
    await page.getByText(/^The agent does not answer\..* This is how it was at \d\d:\d\d/).waitFor()
    t.equal(await page.locator('.instance').isVisible(), true)
    await page.close()
  })

  t.test('an address with two slashes is the same page', async t => {
    const server = await servePages(api([alarm('ipv4.tcp_resets', 'CLEAR')]))
    t.teardown(() => server.close())
    const { page, seen } = await openPage(context)
    await page.goto(`${server.url}//guides/tcp/${ALARM}.html#sources`)
    await page.locator('.instance').waitFor()
    t.equal(page.url(), `${server.url}/guides/tcp/${ALARM}.html#sources`)
    t.same(seen.complaints, [])
    await page.close()
  })

  t.test('commands that are wider than the page are reached and scrolled by the keyboard', async t => {
    const { page } = await openPage(context)
    await page.goto(`file://${dist}/web/guides/tcp/${ALARM}.html`)
    await page.setViewportSize({ width: 1280, height: 800 }) // on a phone they wrap
    const block = page.locator('pre').first()
    await block.evaluate(each => each.firstElementChild?.append('wide '.repeat(100)))
    t.match(await block.getAttribute('aria-label'), /^Commands for (Linux|FreeBSD|Linux and FreeBSD)$/)
    // The button that copies them is the stop before.
    await page.locator('figure.code').first().getByRole('button').focus()
    await page.keyboard.press('Tab')
    t.equal(await page.locator('pre:focus').count(), 1)
    await page.keyboard.press('ArrowRight')
    await block.evaluate(
      each => each.scrollLeft > 0 || new Promise(done => each.addEventListener('scroll', done)),
    )
    t.ok(await block.evaluate(each => each.scrollLeft > 0))
    await page.close()
  })

  t.test('text of an answer is never HTML', async t => {
    const container = `ipv4.tcp_resets_${HOSTILE}`
    const hostile = { units: HOSTILE, info: HOSTILE, value_string: HOSTILE }
    const server = await servePages(
      api([alarm('ipv4.tcp_resets', HOSTILE, hostile), alarm(container, 'CRITICAL', hostile)], {
        hostname: HOSTILE,
        labels: { namespace: HOSTILE, received: HOSTILE },
        nodes: [HOSTILE],
      }),
    )
    t.teardown(() => server.close())
    const { page, seen } = await openPage(context)
    for (const path of [
      `/guides/tcp/${ALARM}.html`,
      `/host/${encodeURIComponent(HOSTILE)}/guides/tcp/${ALARM}.html`,
    ]) {
      await page.goto(`${server.url}${path}`, { waitUntil: 'networkidle' })
      await page.locator('.legend').nth(1).waitFor()
      const text = (await page.locator('#live').textContent()) ?? ''
      t.match(text, 'Raised: critical')
      t.ok(text.includes(`${HOSTILE}, container ${HOSTILE}`), 'shown as it is')
      t.ok(text.includes(`12.5 ${HOSTILE}`))
      t.equal(await page.locator('#live img, #live script').count(), 0)
      t.not(await page.title(), 'owned')
    }
    await page.goto(`${server.url}/guides/tcp/index.html`)
    await page.locator('.badge').first().waitFor()
    t.not(await page.title(), 'owned')
    t.same(seen.complaints, [])
    t.same(
      seen.requests.filter(url => !url.startsWith(`${server.url}/`) || url.endsWith('/x')),
      [],
    )
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, 'nor does it widen the page')
    await page.close()
  })

  // What follows is a stand-in with captured answers: 1.37, which tests have at hand, gives the table to no browser.
  const captured = (name: string): Answer => ({
    type: 'application/json',
    body: readFileSync(join(__dirname, '..', 'fixtures', 'agents', 'v2.11.0', name), 'utf8'),
  })
  const withTable = (info: Answer, table?: Answer) => (path: string) => {
    if (path.includes('/api/v1/info')) return info
    if (path.includes('/api/v1/function?')) return table
    return api([alarm('ipv4.tcp_resets', 'WARNING')])(path)
  }

  t.test('who resets whom, where the agent tells everybody', async t => {
    const answers: { table: Answer } = { table: captured('function.json') }
    const server = await servePages(path => withTable(captured('info-anyone.json'), answers.table)(path))
    t.teardown(() => server.close())
    const { page, seen } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    await page.locator('.who li').first().waitFor()
    t.match(
      await page.locator('.who li').first().textContent(),
      /^port 9 \(discard\) → 127\.0\.0\.1NO_SOCKET · [\d.,]+ a second · [\d,]+ in all$/,
    )
    t.match(
      await page.locator('.way').textContent(),
      /^Who resets whom: open the table on the dashboard: tab Live/,
    )
    t.equal(await page.locator('.way a').getAttribute('href'), '/')
    t.ok(
      server.asked.includes('/api/v1/function?function=tcp-resets%20resets:sent'),
      'of this direction only',
    )

    const columns = Object.fromEntries(
      ['Peer', 'Reason', 'Process', 'Service', 'LocalPort'].map((id, index) => [id, { index }]),
    )
    const row = [HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1]
    answers.table = json({ columns, data: [row] })
    await page.reload()
    await page.locator('.who li', { hasText: HOSTILE }).waitFor()
    t.equal(await page.locator('#live img, #live script').count(), 0)
    t.not(await page.title(), 'owned')
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390, 'nor does it widen the page')

    answers.table = json({ columns, data: [] })
    await page.reload()
    await page.getByText('No resets sent lately.').waitFor()
    t.same(seen.complaints, [])

    answers.table = { status: 412, ...captured('function-refused.json') }
    await page.reload()
    await page.locator('.way').waitFor()
    t.equal(await page.locator('.who li').count(), 0, 'refused after all: only the way to it')
    await page.close()
  })

  t.test('who resets whom in the container whose alarm is raised', async t => {
    const table = json({
      columns: { Peer: { index: 0 }, Container: { index: 1 } },
      data: [
        ['192.0.2.1', 'host'],
        ['192.0.2.2', 'web'],
      ],
    })
    const server = await servePages(path => {
      if (path.includes('/api/v1/info')) return captured('info-anyone.json')
      if (path.includes('/api/v1/function?')) return table
      const labels = { namespace: path.includes('chart=ipv4.tcp_resets_web') ? 'web' : 'host' }
      return api([alarm('ipv4.tcp_resets', 'CLEAR'), alarm('ipv4.tcp_resets_web', 'WARNING')], { labels })(
        path,
      )
    })
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    await page.getByText('Who resets whom: resets sent, container web').waitFor()
    t.match(await page.locator('.who li').allInnerTexts(), [/192\.0\.2\.2\s+container web/])
    await page.close()
  })

  const ways: Record<string, [info: Answer, text: RegExp]> = {
    'those who sign in': [
      captured('info-signed-in.json'),
      /open the table on the dashboard: sign in, then tab Live/,
    ],
    'Netdata Cloud only': [
      json({ version: 'v1.37.1', functions: { 'tcp-resets': { help: 'x', timeout: 10 } } }),
      /in Netdata Cloud, tab Live .* nowhere else\.$/,
    ],
  }
  for (const [name, [info, text]] of Object.entries(ways)) {
    t.test(
      `who resets whom, where the agent tells ${name}: the way to it, and nobody is asked in vain`,
      async t => {
        const server = await servePages(withTable(info))
        t.teardown(() => server.close())
        const { page, seen } = await openPage(context)
        await page.goto(`${server.url}/guides/tcp/${ALARM}.html`, { waitUntil: 'networkidle' })
        t.match(await page.locator('.way').textContent(), text)
        t.equal(await page.locator('.who li').count(), 0)
        t.notOk(server.asked.some(path => path.includes('/function?')))
        t.same(seen.complaints, [])
        await page.close()
      },
    )
  }

  t.test('who resets whom, where there is no such table: not a word', async t => {
    const server = await servePages(withTable(json({ version: 'v2.11.0', functions: {} })))
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`, { waitUntil: 'networkidle' })
    t.equal(await page.locator('.who').isVisible(), false)
    await page.close()
  })

  const recorded = (began: number, chart: string, finding: string): unknown[] => [
    `${began}-id`,
    began * 1000,
    chart,
    finding,
  ]
  const recordings = (...data: readonly unknown[][]): Answer =>
    json({
      columns: { Recording: { index: 0 }, Began: { index: 1 }, Chart: { index: 2 }, Finding: { index: 3 } },
      data,
    })
  const offered = (access?: readonly string[]): Answer =>
    json({ functions: { 'tcp-resets-recordings': { help: 'x', ...(access && { access }) } } })

  t.test('what was recorded when it began, where the agent tells everybody', async t => {
    const answers = {
      table: recordings(
        recorded(now - 250, 'ipv4.tcp_resets', 'Nobody listens there.'),
        recorded(now - 9000, 'ipv4.tcp_resets', 'An older one.'),
        recorded(now - 9000, 'ipv4.tcp_resets_web', HOSTILE),
      ),
    }
    const alarms = [alarm('ipv4.tcp_resets', 'WARNING'), alarm('ipv4.tcp_resets_web', 'WARNING')]
    const server = await servePages(path => {
      if (path.includes('/api/v1/info')) return offered(['anonymous-data'])
      if (path.includes('/api/v1/function?')) return answers.table
      return api(alarms)(path)
    })
    t.teardown(() => server.close())
    const { page, seen } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    await page.locator('.recorded li').first().waitFor()
    t.equal(await page.locator('.recorded .question').textContent(), 'Recorded when it began')
    const items = await page.locator('.recorded li').allTextContents()
    t.match(
      items[0],
      /^Nobody listens there\.\d\d:\d\d:\d\d · ipv4\.tcp_resets · tcp-resets recordings show \d+-id$/,
    )
    t.ok(items[1]?.startsWith(HOSTILE), 'as text')
    t.match(items[1], / · ipv4\.tcp_resets_web · /)
    t.match(items[1], /the last time, /, 'not of what raised the alarm now')
    t.equal(items.length, 2, 'the newest of each chart')
    t.equal(await page.locator('#live img, #live script').count(), 0)
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)

    answers.table = recordings()
    await page.reload()
    await page.getByText('Nothing was recorded on this chart yet.').waitFor()
    t.same(seen.complaints, [])
    await page.close()
  })

  for (const [name, access] of Object.entries({
    'who sign in': ['signed-in'],
    'Netdata Cloud only': undefined,
  })) {
    t.test(`what was recorded, where the agent tells ${name}: the command to type`, async t => {
      const server = await servePages(path =>
        path.includes('/api/v1/info') ? offered(access) : api([alarm('ipv4.tcp_resets', 'WARNING')])(path),
      )
      t.teardown(() => server.close())
      const { page, seen } = await openPage(context)
      await page.goto(`${server.url}/guides/tcp/${ALARM}.html`, { waitUntil: 'networkidle' })
      t.equal(
        await page.locator('.recorded .command').textContent(),
        'What was recorded when it began: tcp-resets recordings, as root on this machine.',
      )
      t.notOk(server.asked.some(path => path.includes('/function?')))
      t.same(seen.complaints, [])
      await page.close()
    })
  }

  t.test('what was recorded, where nothing is: not a word', async t => {
    const server = await servePages(withTable(json({ version: 'v2.11.0', functions: {} })))
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`, { waitUntil: 'networkidle' })
    t.equal(await page.locator('.recorded').isVisible(), false)
    await page.close()
  })

  t.test('the alarm on the measuring is shown with our chart, though it is on another', async t => {
    const stale = { ...alarm('netdata.uptime', 'WARNING'), name: 'tcp_resets_last_collected_secs' }
    const server = await servePages(path => (path.includes('/api/v1/data') ? undefined : api([stale])(path)))
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/tcp_resets_last_collected_secs.html`)
    await page.getByText('Raised: warning').waitFor()
    t.equal(await page.locator('.instance').count(), 1)
    t.equal(await page.locator('.place').textContent(), 'demo')
    await page.getByText('No values in the last 10 minutes.').waitFor()
    await page.close()
  })

  t.test('the host comes first, then every container where it is raised', async t => {
    const server = await servePages(
      api([
        alarm('ipv4.tcp_resets_web', 'WARNING', { silenced: true }),
        alarm('ipv4.tcp_resets_idle', 'CLEAR'),
        alarm('ipv4.tcp_resets', 'CLEAR'),
        alarm('ipv4.tcp_resets_db', 'CRITICAL'),
      ]),
    )
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    await page.locator('.instance').nth(2).waitFor()
    t.same(await page.locator('.state').allInnerTexts(), [
      'Not raised',
      'Raised: critical',
      'Raised: warning',
    ])
    t.same(await page.locator('.place').allInnerTexts(), [
      'demo',
      'demo, container db',
      'demo, container web',
    ])
    t.match(await page.locator('.facts').nth(2).textContent(), /^12\.5 resets\/s · for 4 min, .* · silenced/)
    t.equal(await page.locator('.plot svg').count(), 3)
    t.match(
      await page.locator('.plot svg').first().getAttribute('aria-label'),
      /sent: now 0, peak 39 at \d\d:\d\d\. received \(estimated\): now 0, peak 6/,
    )
    await page.close()
  })

  t.test('old values do not look fresh', async t => {
    let silent = false
    const answers = api([alarm('ipv4.tcp_resets', 'CLEAR')], { age: 200 })
    const server = await servePages(path => (silent ? { status: 503, body: '' } : answers(path)))
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    await page.getByText('No new values for 3 min. The alarm stands still with them. What to do').waitFor()
    silent = true
    await page.getByText(/^The agent does not answer\. .* This is how it was at/).waitFor()
    silent = false
    await page.getByText(/^As of /).waitFor()
    t.equal(await page.locator('.silent').count(), 0)
    await page.close()
  })

  t.test('an agent without the alarm, without the time, without the labels', async t => {
    const server = await servePages(path => {
      if (path.includes('/api/v1/alarms')) return json({ alarms: {} })
      const time = Math.floor(Date.now() / 1000)
      return path.includes('/api/v1/data')
        ? json({
            labels: ['time', 'received'],
            data: [
              [time, 3],
              [time - 10, 4],
            ],
          })
        : undefined
    })
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    await page.getByText('This agent has no such alarm').waitFor()
    t.equal(await page.locator('.legend').textContent(), 'received (estimated)now 3, peak 4')
    await page.close()
  })

  t.test('while nobody looks, nobody is asked', async t => {
    const server = await servePages(api([alarm('ipv4.tcp_resets', 'CLEAR')]))
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.addInitScript('Object.defineProperty(document, "hidden", { get: () => !window.shown })')
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`, { waitUntil: 'networkidle' })
    t.equal(server.asked.filter(path => path.includes('/api/')).length, 0)
    await page.evaluate('window.shown = true; document.dispatchEvent(new Event("visibilitychange"))')
    await page.locator('.instance').waitFor()
    await page.close()
  })

  t.test('other nodes where it is raised are one click away', async t => {
    const server = await servePages(path => {
      const node = /^\/host\/([^/]+)/.exec(path)?.[1]
      return api([alarm('ipv4.tcp_resets', node === 'web%201' ? 'WARNING' : 'CLEAR')], {
        hostname: node ? decodeURIComponent(node) : 'parent',
        nodes: ['parent', 'db', 'web 1'],
      })(path)
    })
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/guides/tcp/${ALARM}.html`)
    const link = page.locator('.elsewhere a')
    await link.click()
    await page.waitForURL(`${server.url}/host/web%201/guides/tcp/${ALARM}.html`)
    await page.getByText('Raised: warning').waitFor()
    t.equal(await page.locator('.place').textContent(), 'web 1')
    t.equal(await page.locator('.elsewhere').textContent(), '', 'not elsewhere than here')
    await page.close()
  })

  t.test('the link in an alarm means the node whose dashboard it is on', async t => {
    const server = await servePages(path => {
      if (path === '/host/web/old/')
        return { type: 'text/html', body: `<a href=/guides/tcp/${ALARM}.html#steps>guide</a>` }
      const hostname = path.startsWith('/host/web/') ? 'web' : 'parent'
      return api([alarm('ipv4.tcp_resets', 'WARNING')], { hostname })(path)
    })
    t.teardown(() => server.close())
    const { page } = await openPage(context)
    await page.goto(`${server.url}/host/web/old/`)
    await page.getByText('guide').click()
    await page.waitForURL(`${server.url}/host/web/guides/tcp/${ALARM}.html#steps`)
    await page.locator('.place').waitFor()
    t.equal(await page.locator('.place').textContent(), 'web')
    await page.close()
  })

  for (const secure of [true, false]) {
    t.test(`copying on a page that is ${secure ? '' : 'not '}secure`, async t => {
      const copying = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
      t.teardown(() => copying.close())
      const { page, seen } = await openPage(copying)
      const origin = secure ? 'https://agent.example' : 'http://agent.example'
      await copying.route(`${origin}/**`, route =>
        route.request().url().includes('/guides/')
          ? route.fulfill({ contentType: 'text/html', body: guide })
          : route.fulfill({ status: 404 }),
      )
      const guide = readFileSync(join(dist, 'web', 'guides', 'tcp', `${ALARM}.html`), 'utf8')
      await page.goto(`${origin}/guides/tcp/${ALARM}.html`)
      t.equal(await page.evaluate('navigator.clipboard !== undefined'), secure)
      const block = page.locator('figure.code', { hasText: 'timeout 20 tcpdump' })
      await block.getByRole('button', { name: 'Copy' }).click()
      await block.getByRole('button', { name: 'Copied' }).waitFor()
      await page.evaluate('document.body.append(document.createElement("textarea"))')
      await page.locator('textarea').focus()
      await page.keyboard.press('Control+V')
      const code = (await block.locator('code').textContent()) ?? ''
      t.equal(await page.locator('textarea').inputValue(), code.trimEnd())
      t.match(code, /^RST='.*\ntimeout 20 tcpdump .*\n$/)
      t.same(
        seen.complaints.filter(text => !/^Failed to load resource/.test(text)),
        [],
      )
    })
  }
})
