import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { renderHtml } from '../../explain/report/html'
import { explanationOf, madeReset, refusal } from '../explain/report/made'
import { chromiumPath, openBrowser } from './browser'

// The page of `tcp-resets explain --html`, in a real browser. What is in it is made by hand; test/cli has real ones.

const V6 = { address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 44_444 }
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>'

t.test('the page of a report', { skip: chromiumPath === undefined && 'needs Chromium' }, async t => {
  const dir = t.testdir({})
  const file = join(dir, 'report.html')
  const long = refusal(9, { to: V6, stage: 'idle', detail: 'own-timer', idle: 320, text: HOSTILE })
  const made = explanationOf([madeReset(), refusal(5), refusal(6), refusal(7), long])
  writeFileSync(file, renderHtml({ ...made, capture: { ...made.capture, notes: [HOSTILE] } }, undefined))
  const browser = await openBrowser()
  t.teardown(() => browser.close())

  for (const [name, look] of Object.entries({
    'a screen': { viewport: { width: 1000, height: 800 } },
    'in the dark': { viewport: { width: 1000, height: 800 }, colorScheme: 'dark' as const },
    'a phone': { viewport: { width: 320, height: 640 } },
  })) {
    await t.test(name, async t => {
      const page = await browser.newPage(look)
      const asked: string[] = []
      const complaints: string[] = []
      page.on('request', request => asked.push(request.url()))
      page.on('console', message => complaints.push(message.text()))
      await page.goto(`file://${file}`)
      t.same(asked, [`file://${file}`], 'asks for nothing else')
      t.same(complaints, [], 'and its own policy lets all of it through')
      t.equal(await page.title(), 'TCP resets in a.pcap', 'text of the capture runs nothing')
      t.equal(
        await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
        true,
        'nothing hangs over',
      )
      t.same(
        await page.evaluate(`[...document.querySelectorAll('.ladder text')]
          .filter(text => { const { left, right } = text.getBoundingClientRect(); return left < 0 || right > innerWidth })
          .map(text => text.textContent)`),
        [],
        'every word of the ladder is on the page',
      )
      t.ok((await page.locator('.ladder .this line.packet').count()) > 0)
      const [ground, word] = await page.evaluate<[string, string]>(
        `['background-color', 'color'].map(name => getComputedStyle(document.body).getPropertyValue(name))`,
      )
      t.ok(contrast(ground, word) > 7, `${word} on ${ground}`)
      await page.close()
    })
  }

  await t.test('paper', async t => {
    const page = await browser.newPage()
    await page.goto(`file://${file}`)
    await page.emulateMedia({ media: 'print' })
    t.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)')
    const path = join(dir, 'report.pdf')
    await page.pdf({ path, format: 'A4' })
    t.match(readFileSync(path, 'latin1'), /^%PDF-/)
  })
})

/** WCAG 2, relative luminance. */
function contrast(...colours: [string, string]): number {
  const [a = 0, b = 0] = colours.map(luminance).sort((x, y) => y - x)
  return (a + 0.05) / (b + 0.05)
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/\d+/g) ?? []).map(part => {
    const c = Number(part) / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
