import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { causesChart } from '../plugin/charts/causes'
import { freebsdCausesChart, freebsdResetsChart } from '../plugin/charts/freebsd'
import { namespacesChart } from '../plugin/charts/namespaces'
import { raisedChart } from '../plugin/charts/raised'
import { resetsChart } from '../plugin/charts/resets'
import { reasonsChart, tracedChart } from '../plugin/charts/traced'
import schema from '../plugin/config/schema.json'
import { root } from '../scripts/build'

// metadata.yaml against the code, so that neither says what the other does not.

interface Metadata {
  plugin_name: string
  modules: {
    setup: { configuration: { options: { list: { name: string; default_value: unknown }[] } } }
    alerts: { name: string; metric: string; info: string; os: string; link: string }[]
    metrics: {
      scopes: {
        labels: { name: string }[]
        metrics: {
          name: string
          availability: string[]
          description: string
          unit: string
          chart_type: string
          dimensions: { name: string }[]
        }[]
      }[]
    }
  }[]
}

const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const metadata = parse(text('metadata.yaml')) as Metadata
const integration = metadata.modules[0] as Metadata['modules'][number]
const scopes = integration.metrics.scopes

t.test('what the catalogue asks of every integration is there', async t => {
  const needs = (...required: string[]) => ({ type: 'object', required })
  const check = new Ajv().compile({
    ...needs('plugin_name', 'modules'),
    properties: {
      modules: {
        type: 'array',
        items: {
          ...needs('meta', 'overview', 'setup', 'troubleshooting', 'alerts', 'metrics'),
          properties: {
            meta: needs(
              ...['plugin_name', 'module_name', 'monitored_instance', 'keywords', 'related_resources'],
              'info_provided_to_referring_integrations',
            ),
            overview: needs(
              ...['data_collection', 'supported_platforms', 'multi_instance'],
              ...['additional_permissions', 'default_behavior'],
            ),
            setup: needs('prerequisites', 'configuration'),
            troubleshooting: needs('problems'),
            alerts: { type: 'array', items: needs('name', 'link', 'metric', 'info') },
            metrics: needs('folding', 'description', 'availability', 'scopes'),
          },
        },
      },
    },
  })
  check(metadata)
  t.strictSame(check.errors, null)
})

t.test('every chart', async t => {
  const charts = [
    ...[
      resetsChart('proc'),
      causesChart('proc'),
      namespacesChart('proc'),
      raisedChart('proc'),
      tracedChart(true, true),
      reasonsChart(true, true),
    ].map(chart => ({ chart, platform: 'Linux' })),
    ...[freebsdResetsChart('netstat'), freebsdCausesChart('netstat')].map(chart => ({
      chart,
      platform: 'FreeBSD',
    })),
  ]
  const sorted = <T>(list: T[]): T[] =>
    list.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
  t.strictSame(
    sorted(scopes.flatMap(({ metrics }) => metrics)),
    sorted(
      charts.map(({ chart, platform }) => ({
        name: chart.context,
        availability: [platform],
        description: chart.title,
        unit: chart.units,
        chart_type: chart.style,
        dimensions: chart.dimensions.map(({ id }) => ({ name: id })),
      })),
    ),
  )
  for (const { chart } of charts) {
    const scope = scopes.find(({ metrics }) => metrics.some(({ name }) => name === chart.context))
    t.strictSame(
      scope?.labels.map(({ name }) => name),
      Object.keys(chart.labels),
      `the labels of ${chart.context}`,
    )
  }
  // A chart that is in none of the lists above is noticed by its context.
  const sources = readdirSync(join(root, 'plugin', 'charts')).map(name => text(`plugin/charts/${name}`))
  const contexts = new Set(sources.flatMap(source => source.match(/(?<=context: ')[\w.]+/g) ?? []))
  t.strictSame([...contexts].sort(), [...new Set(charts.map(({ chart }) => chart.context))].sort())
})

t.test('every alarm', async t => {
  const blocks = text('health.d/tcp_resets.conf')
    .split(/\n(?= *(?:template|alarm):)/)
    .slice(1)
  const line = (block: string, key: string): string =>
    new RegExp(`^\\s*(?:${key}):\\s*(.*)$`, 'm').exec(block)?.[1] ?? ''
  t.strictSame(
    integration.alerts,
    blocks.map(block => ({
      name: line(block, 'template|alarm'),
      link: 'health.d/tcp_resets.conf',
      metric: line(block, 'on'),
      info: line(block, 'info'),
      os: line(block, 'os'),
    })),
  )
})

t.test('every option, with its default', async t => {
  const stock = parse(text('conf.d/tcp_resets.conf')) as Record<string, unknown>
  t.strictSame(
    integration.setup.configuration.options.list.map(({ name, default_value }) => [name, default_value]),
    Object.keys(schema.properties).map(name => [name, stock[name]]),
  )
})
