import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { findNetdata } from '../../scripts/private-agent'

/** The dashboards of 1.37. Those from 2 on are not built with the agent, and what is theirs is not tried here. */
export const DASHBOARDS = existsSync(join(findNetdata()?.web ?? '', 'old', 'index.html'))
  ? ['/old/', '/']
  : []

/** Each step has to wait for a dashboard that is busy drawing. */
const SLOW = { timeout: 120_000 }

/** Opens the raised alarms of a dashboard, and clicks the link of one of them, as a reader would. */
export async function followAlarm(page: Page, dashboard: string, alarm: string): Promise<void> {
  await page.goto(dashboard)
  // Before the dashboard counts them, its window of alarms stays empty.
  await page.locator('[data-target="#alarmsModal"]', { hasText: /[1-9]/ }).first().click(SLOW)
  await page.locator(`#alarms_active a[href$="/guides/tcp/${alarm}.html"]`).click(SLOW)
}
