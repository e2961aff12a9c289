import t from 'tap'
import { dist } from '../../scripts/build'
import { freePort, startAgent } from '../../scripts/private-agent'
import { keepResetting } from '../guides/resets'
import { noAgentSince2 } from '../netdata/which-agent'
import { makeGrant, whyNoTracing } from './grant'

// The table as a real agent hands it on: by both versions of its API, asked and posted.

const skip = whyNoTracing() ?? noAgentSince2

t.test('the table of resets through an agent', { skip }, async t => {
  const grant = makeGrant('netdata')
  t.teardown(grant.remove)
  grant.grant()
  const agent = await startAgent({
    ...{ dist, stockCollectors: false, port: await freePort(21_500) },
    files: { 'tcp_resets.conf': `${grant.config}  function_for: anyone\n` },
  })
  t.teardown(agent.stop)
  const stopResetting = keepResetting()
  t.teardown(stopResetting)

  const call = 'function?function=tcp-resets'
  const asked = (version: 1 | 3) => agent.json(`/api/v${version}/${call}`) as Promise<Record<string, unknown>>
  const posted = async (body: object) => {
    const answer = await fetch(`${agent.url}/api/v3/${call}`, { method: 'POST', body: JSON.stringify(body) })
    return (await answer.json()) as Record<string, unknown>
  }
  const table = await agent.waitFor(
    'a row of the resets',
    async () => {
      const answer = await agent.get(`/api/v1/${call}%20resets:sent`)
      const found = answer.status === 200 ? JSON.parse(answer.body) : undefined
      return found?.data.some((row: unknown[]) => row.at(-1) !== null) ? found : undefined
    },
    60_000,
  )
  const ids = Object.keys(table.columns)
  t.match(table, {
    type: 'table',
    aggregated_view: { column: 'Resets', results_label: 'rows', aggregated_label: 'resets' },
    columns: {
      LocalPort: { type: 'integer', value_options: { transform: 'number', decimal_points: 0 } },
      rowOptions: { index: ids.length - 1, type: 'none', visualization: 'rowOptions', dummy: true },
    },
  })
  const worrying = table.data.find((row: unknown[]) => row.at(-1) !== null)
  t.strictSame(worrying.at(-1), { severity: 'warning' })
  t.ok(worrying[ids.indexOf('Rate')] > 5)

  for (const answer of [await asked(1), await asked(3), await posted({ selections: { resets: ['sent'] } })]) {
    t.strictSame(answer.columns && Object.keys(answer.columns), ids)
    t.strictSame(answer.aggregated_view, table.aggregated_view)
  }
  t.match(await posted({ info: true }), { v: 3, accepted_params: ['info', 'resets'] })
})
