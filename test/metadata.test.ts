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
import { isRecord } from '../plugin/is-record'
import { recordingsFunction } from '../plugin/recording/function'
import { tcpResetsFunction } from '../plugin/tracing/function'
import { root } from '../scripts/build'

// metadata.yaml against the code, so that neither says what the other does not.

interface Metadata {
  plugin_name: string
  modules: {
    meta: {
      plugin_name: string
      monitored_instance: { categories: string[] }
      related_resources: { integrations: { list: unknown[] } }
    }
    setup: { configuration: { options: { list: { name: string; default_value: unknown }[] } } }
    alerts: { name: string; metric: string; info: string; os: string; link: string }[]
    functions: {
      list: {
        id: string
        parameters: { id: string; name: string; type: string; options: { id: string; name: string }[] }[]
        returns: { columns: { name: string; type: string; unit?: string; visibility?: 'hidden' }[] }
      }[]
    }
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

/** What the answer of a Function says of its table. */
interface Answer {
  readonly required_params: Metadata['modules'][number]['functions']['list'][number]['parameters']
  readonly columns: Record<
    string,
    { name: string; type: string; visualization: string; units?: string; visible: boolean }
  >
}

const CATALOGUE = 'test/fixtures/catalogue'

const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const metadata = parse(text('metadata.yaml')) as Metadata
const integration = metadata.modules[0] as Metadata['modules'][number]
const scopes = integration.metrics.scopes

/** Checks as the catalogue's loader does before it takes a file: the first fault is enough to drop all of it. */
const accepts = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(text(`${CATALOGUE}/collector-schema.json`)),
)
const known = JSON.parse(text(`${CATALOGUE}/known.json`)) as { categories: string[]; integrations: unknown[] }

t.test("the catalogue's loader takes the file", async t => {
  accepts(metadata)
  t.strictSame(accepts.errors, null)
  const { meta } = integration
  t.equal(meta.plugin_name, metadata.plugin_name)
  t.not(meta.monitored_instance.categories.length, 0)
  t.strictSame(
    meta.monitored_instance.categories.filter(category => !known.categories.includes(category)),
    [],
  )
  t.strictSame(meta.related_resources.integrations.list, known.integrations)
})

t.test('what the loader would drop the file for', async t => {
  const cases: Record<string, [fault: string, change: (module: typeof integration) => void]> = {
    'a default that is an object': [
      '/modules/0/setup/configuration/options/list/1/default_value must be string,number,boolean',
      ({ setup }) =>
        Object.assign(setup.configuration.options.list[1] ?? {}, { default_value: { enabled: true } }),
    ],
    'a description that is too short for a page': [
      '/modules/0/meta/monitored_instance/description must NOT have fewer than 50 characters',
      ({ meta }) => Object.assign(meta.monitored_instance, { description: 'TCP resets' }),
    ],
    'an alert without a link': [
      "/modules/0/alerts/0 must have required property 'link'",
      ({ alerts }) => delete (alerts[0] as Partial<(typeof alerts)[number]>).link,
    ],
    'a column without a unit': [
      "/modules/0/functions/list/0/returns/columns/0 must have required property 'unit'",
      ({ functions }) => delete functions.list[0]?.returns.columns[0]?.unit,
    ],
  }
  for (const [name, [fault, change]] of Object.entries(cases)) {
    const changed = structuredClone(metadata)
    change(changed.modules[0] as typeof integration)
    t.notOk(accepts(changed), name)
    t.equal(`${accepts.errors?.[0]?.instancePath} ${accepts.errors?.[0]?.message}`, fault, name)
  }
})

t.test('nobody is told to run what has no name on npm yet', async t => {
  t.notMatch(text('metadata.yaml'), /npx/)
})

/** A chart says how its `received` is known; the catalogue has to say it of all of them. */
const HOW_RECEIVED =
  " (received: counted where root granted the kernel's dynamic events, estimated elsewhere)"

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
        description: chart.title.replace(' (received is an estimate)', HOW_RECEIVED),
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
  for (const { name, info } of integration.alerts)
    t.notMatch(info, /[<>&\\]/, `${name}: plain text everywhere`)
  t.strictSame(
    integration.alerts,
    blocks.map(block => ({
      name: line(block, 'template|alarm'),
      // The catalogue has addresses: where it has the file of this name.
      link: 'https://github.com/netdata/netdata/blob/master/src/health/health.d/tcp_resets.conf',
      metric: line(block, 'on'),
      info: line(block, 'info'),
      os: line(block, 'os'),
    })),
  )
})

t.test('every option, with its default', async t => {
  const stock = parse(text('conf.d/tcp_resets.conf')) as Record<string, unknown>
  // As the catalogue has no objects, each of their keys is an option.
  const options = Object.keys(schema.properties).flatMap(name => {
    const value = stock[name]
    return isRecord(value)
      ? Object.entries(value).map(([key, each]): [string, unknown] => [`${name}.${key}`, each])
      : [[name, value] as [string, unknown]]
  })
  t.strictSame(
    integration.setup.configuration.options.list.map(({ name, default_value }) => [name, default_value]),
    options,
  )
})

t.test('every table, with its parameters and columns', async t => {
  const time = { monotonic: () => 0, wall: () => 0, in: () => () => {} }
  const details = { rows: [], error: 0, resets: 0, read: 0, hasReasons: true }
  const tables = [
    tcpResetsFunction(
      () => details,
      async () => new Map(),
      () => undefined,
      time,
    ),
    recordingsFunction(() => [], time.wall, 'signed_in'),
  ]
  const answers = await Promise.all(
    tables.map(async ({ name, answer }) => {
      const { body } = await answer({ transaction: 'a', timeout: 1, words: [name] })
      const { required_params, columns } = JSON.parse(body) as Answer
      return {
        id: name,
        parameters: required_params.map(({ id, name, type, options }) => ({
          ...{ id, name, type },
          options: options.map(({ id, name }) => ({ id, name })),
        })),
        // The column that tells the look of rows is none to see.
        columns: Object.values(columns)
          .filter(({ visualization }) => visualization !== 'rowOptions')
          .map(({ name, type, units = '', visible }) => ({
            ...{ name, type, unit: units },
            ...(!visible && { visibility: 'hidden' }),
          })),
      }
    }),
  )
  t.strictSame(
    integration.functions.list.map(({ id, parameters, returns }) => ({
      id,
      parameters: parameters.map(({ id, name, type, options }) => ({
        ...{ id, name, type },
        options: options.map(({ id, name }) => ({ id, name })),
      })),
      columns: returns.columns.map(({ name, type, unit, visibility }) => ({
        ...{ name, type, unit },
        ...(visibility !== undefined && { visibility }),
      })),
    })),
    answers,
  )
})
