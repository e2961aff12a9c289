import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { readAlarms, readChart, readChartIds, readMeasured, readVersion } from '../../cli/agent/answers'
import { askAlarms, askChart } from '../../cli/agent/api'
import type { Agent } from '../../cli/agent/find'
import { processesOn } from '../../cli/agent/processes-on'
import { checkData } from '../../cli/doctor/data'
import { reportOf, wrong } from '../../cli/doctor/finding'
import { parseManifest } from '../../cli/install/manifest'
import { oneLine } from '../../plugin/message'

const ALARM = { name: 'a', chart: 'ipv4.tcp_resets', status: 'CLEAR', source: '1@/a', info: '' }
const CHART = { id: 'ipv4.tcp_resets', update_every: 1, first_entry: 1, last_entry: 9 }

/** Whatever else may answer. */
const OTHERS: readonly unknown[] = [
  null,
  true,
  1,
  'text',
  [],
  {},
  { alarms: null, charts: 1, data: {}, labels: [] },
]

t.test('what an agent answers', async t => {
  t.strictSame(readAlarms({ alarms: { x: { ...ALARM, value: 1 }, y: null, z: { name: 'b' } } }), [
    { ...ALARM, value: 1 },
  ])
  t.strictSame(readChart({ ...CHART, title: 'x' }), CHART)
  t.strictSame(
    readChartIds({ charts: { x: { id: 'a', context: 'b' }, y: { id: 'c', context: 'd' }, z: 1 } }, 'b'),
    ['a'],
  )
  t.strictSame(
    readMeasured({ labels: ['time', 'sent', 'received', 7], data: [[1, null, 2], [2, null, null], 'row'] }),
    new Map([
      ['sent', false],
      ['received', true],
    ]),
  )
  t.equal(readVersion({ version: 'v1' }), 'v1')
})

t.test('what is no such answer is none', async t => {
  for (const other of OTHERS) {
    const text = JSON.stringify(other)
    t.equal(readAlarms(other), undefined, text)
    t.equal(readChart(other), undefined, text)
    t.equal(readChartIds(other, 'b'), undefined, text)
    t.equal(readMeasured(other), undefined, text)
    t.equal(readVersion(other), undefined, text)
  }
  t.equal(readChart({ ...CHART, last_entry: 'soon' }), undefined)
})

t.test('the doctor takes any answer', async t => {
  let body = ''
  const server = createServer((_, answer) => answer.end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const layout = { from: '', plugins: '', stockConf: '', userConf: '', web: '', state: '' }
  const agent: Agent = {
    url,
    layout,
    conf: new Map(),
    path: '',
    pathFrom: 'usual',
    processes: processesOn('linux'),
    proved: true,
  }
  for (const other of [...OTHERS.map(each => JSON.stringify(each)), '<html>', '']) {
    body = other
    t.equal(await askAlarms(url), undefined, other)
    t.equal(await askChart(url, 'x'), undefined, other)
    t.match(await checkData(agent), [{ status: 'wrong' }], other)
  }
})

t.test('whoever answered can’t steer the terminal', async t => {
  const report = reportOf([wrong('netdata', 'v1\u001b]0;owned\u0007', 'see\u009b2J')])
  for (const line of report.split('\n')) t.equal(line, oneLine(line))
})

t.test('a manifest that is not whole is none', async t => {
  const whole = { version: '1', files: { '/a': 'x' }, directories: ['/b'], grant: 'systemd' }
  t.strictSame(parseManifest(JSON.stringify(whole)), whole)
  const faults: readonly object[] = [
    { version: 1 },
    { files: null },
    { files: { a: 'x' } },
    { files: { '/a': 1 } },
    { directories: '/b' },
    { directories: ['b'] },
    { grant: 'for-ever' },
    { guidesUrl: 7 },
  ]
  for (const fault of faults)
    t.equal(parseManifest(JSON.stringify({ ...whole, ...fault })), undefined, JSON.stringify(fault))
  for (const text of ['', 'null', '{}', '[]', '1', '{"version":'])
    t.equal(parseManifest(text), undefined, text)
})
