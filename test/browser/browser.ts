import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/local/bin/chromium']

/** The machine's own Chromium; undefined where there is none. */
export const chromiumPath = paths.find(path => existsSync(path))

/**
 * Starts Chromium without a window, with everything off that would call out.
 *
 * @param program what starts it, where that is not itself
 */
export function openBrowser(program = chromiumPath ?? 'chromium'): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
