/** What the plugin's charts must say after a scenario. */
import type { Test } from 'tap'
import type { Tick } from './plugin-reader'
import type { Letter, Ran } from './runner'
import type { Scenario } from './scenario-table'

/** The plugin's last tick before the scenario and its first one after, on each host. */
export type ChartsSeen = Readonly<Record<Letter, { readonly before: Tick; readonly after: Tick }>>

export const checkCharts = (_t: Test, _scenario: Scenario, _result: Ran, _charts: ChartsSeen): void => {}
