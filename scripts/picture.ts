import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBrowser } from '../test/browser/browser'
import { dist, root } from './build'

// Remakes the picture of a report in the README, docs/explain.png: `npx tsx scripts/picture.ts`, after a build. Needs Chromium.

/** Somebody on the path sends a reset in the name of the server, and the connection goes on. */
const CAPTURE = join(root, 'test', 'fixtures', 'captures', 'lab__inject_goes_on.client.pcap')

async function picture(): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'tcp-resets-picture-'))
  const browser = await openBrowser()
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
    await tab.locator('.reset').screenshot({ path: join(root, 'docs', 'explain.png') })
  } finally {
    await browser.close()
    rmSync(cwd, { recursive: true })
  }
}

picture().catch(error => {
  console.error(error)
  process.exitCode = 1
})
