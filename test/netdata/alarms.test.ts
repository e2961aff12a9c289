import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WATCH } from '../../cli/agent/api'
import { usualFollower } from '../../plugin/analysis/usual'
import { causesChart } from '../../plugin/charts/causes'
import { raisedChart } from '../../plugin/charts/raised'
import { resetsChart } from '../../plugin/charts/resets'
import { lastMeasured } from '../../plugin/last-measured'
import { dist, root } from '../../scripts/build'
import { HEALTH_FORMS, healthFileOf } from '../../scripts/health-forms'
import { type Agent, findNetdata, startAgent } from '../../scripts/private-agent'
import { readGuides } from '../../web/guide'

// The alarms: what they are made of, as text, and what they do in a real agent.

// The agents take their time, so all of them run at once.
t.jobs = 4

const HEALTH = readFileSync(join(root, 'health.d', 'tcp_resets.conf'), 'utf8')
const CHARTS = [resetsChart('proc'), causesChart('proc'), raisedChart('proc')]
const CHART = 'ipv4.tcp_resets'

/** An alarm of the health file, as written: key to value. */
type Rule = Readonly<Record<string, string>> & { readonly name: string }

function rulesOf(text: string): Rule[] {
  const rules: Record<string, string>[] = []
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([a-z ]+):\s*(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    if (key === 'alarm' || key === 'template') rules.push({ name: value })
    const rule = rules.at(-1)
    if (rule === undefined || Object.hasOwn(rule, key)) throw new Error(`not expected here: ${line}`)
    rule[key] = value
  }
  return rules as Rule[]
}

const RULES = rulesOf(HEALTH)
const kindOf = (rule: Rule): string => (rule.template === undefined ? 'alarm' : 'template')
const CAN_BE_RAISED = RULES.filter(({ warn, crit }) => warn ?? crit)

function there<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`there is no ${what}`)
  return found
}

// -- as text -----------------------------------------------------------------------------------------------------

/** The keys that both Netdata 1.37.1 (health/health_config.c) and 2.x (src/health/health_internals.h) know. */
const KEYS = [
  ...['alarm', 'template', 'on', 'os', 'hosts', 'host labels', 'plugin', 'module'],
  ...['class', 'type', 'component', 'lookup', 'calc', 'every', 'units', 'green', 'red', 'warn', 'crit'],
  ...['delay', 'options', 'repeat', 'exec', 'info', 'to'],
  'charts', // known up to 1.44, and ignored from then on
]
/** A line that is longer is cut by 1.37.1, HEALTH_CONF_MAX_LINE. */
const LONGEST_LINE = 4096

t.test('each line of the health file is one that old and new agents understand', async t => {
  for (const line of HEALTH.split('\n')) {
    t.match(line, /^$|^#|^ *[a-z][a-z ]*: \S/, 'a comment or a key with a value')
    t.ok(line.length < LONGEST_LINE)
  }
  for (const { name, ...keys } of RULES) {
    t.strictSame(
      Object.keys(keys).filter(key => !KEYS.includes(key)),
      [],
      `${name}: keys`,
    )
    t.notMatch(keys.info, /\\/, `${name}: a backslash makes the agent's JSON invalid`)
    t.notMatch(keys.info, /["']/, `${name}: quotes become spaces`)
  }
  const keys = RULES.map(rule => `${kindOf(rule)} ${rule.name}`)
  t.equal(new Set(keys).size, RULES.length, '1.37 takes one template and one alarm of a name')
})

t.test('each alarm is about a chart and a dimension that exist', async t => {
  for (const { name, template, on, lookup } of RULES) {
    if (on === 'netdata.uptime') continue // a chart of the agent's own
    const chart = CHARTS.find(({ context, type, id }) => on === (template ? context : `${type}.${id}`))
    t.ok(chart, `${name}: on ${on}`)
    const of = / of (\S+)$/.exec(lookup ?? '')?.[1]
    if (lookup)
      t.ok(
        chart?.dimensions.some(({ id }) => id === of),
        `${name}: of ${of}`,
      )
  }
})

t.test('each variable in an expression is one that the agent, another alarm or the plugin has', async t => {
  const follow = usualFollower()
  const published = new Set<string>()
  for (let minute = 0n; minute < 10n; minute++) {
    const totals = { sent: minute, received: minute, opened: minute }
    const values = follow(totals, Number(minute) * 60_000, { sent: false, received: false })
    for (const name of Object.keys(values ?? {})) published.add(name)
  }
  const time = { monotonic: () => 0, wall: () => 0, in: () => () => {} }
  for (const [, name = ''] of lastMeasured(1, time)('x', 0).matchAll(/^VARIABLE HOST (\w+) = /gm))
    published.add(name)
  const known = ['this', 'status', 'WARNING', 'now', 'last_collected_t']
  for (const { name, on, calc = '', warn = '', crit = '' } of RULES) {
    for (const [, variable = ''] of `${calc} ${warn} ${crit}`.matchAll(/\$([\w.]+)/g)) {
      const sibling = RULES.some(other => other.name === variable && other.on === on)
      const chart = CHARTS.find(({ context }) => context === on)
      const dimensions = on === 'netdata.uptime' ? ['uptime'] : chart?.dimensions.map(({ id }) => id)
      const found =
        sibling ||
        known.includes(variable) ||
        published.has(variable) ||
        dimensions?.includes(variable) ||
        variable === 'netdata.uptime.uptime'
      t.ok(found, `${name}: $${variable}`)
    }
  }
})

/** What is inside each pair of parentheses, with what is in parentheses in there left out, and what is outside of all. */
function levelsOf(expression: string): string[] {
  const levels: string[] = []
  let rest = expression
  for (let inner = /\(([^()]*)\)/.exec(rest); inner; inner = /\(([^()]*)\)/.exec(rest)) {
    levels.push(`${inner[1]}`)
    rest = rest.replace(inner[0], '$x')
  }
  return [...levels, rest]
}

t.test('1.37 takes operators from left to right: a > 2 * b is (a > 2) * b to it', async t => {
  for (const { name, calc = '', warn = '' } of RULES) {
    for (const level of [...levelsOf(calc), ...levelsOf(warn)]) {
      t.notOk(/\bAND\b/.test(level) && /\bOR\b/.test(level), `${name}: ${level}`)
      for (const part of level.split(/\bAND\b|\bOR\b/)) {
        t.ok((part.match(/[<>=!]=?|[*/+?-]/g) ?? []).length <= 1, `${name}: ${part}: one operator`)
      }
    }
  }
})

t.test('the rules of containers are those of the host, and silent', async t => {
  const rule = (kind: string, name: string): Rule | undefined =>
    CAN_BE_RAISED.find(one => kindOf(one) === kind && one.name === name)
  for (const span of ['10s', '5m']) {
    for (const which of ['sent', 'received']) {
      const { alarm: _, ...host } = { ...rule('alarm', `${span}_ipv4_tcp_resets_${which}`) }
      const { template: __, ...others } = { ...rule('template', `${span}_ipv4_tcp_resets_${which}`) }
      t.strictSame(others, { ...host, charts: `!${CHART} *`, to: 'silent' }, `${span} ${which}`)
    }
  }
})

t.test('the forms for some agents have the same rules, and say which container', async t => {
  for (const form of HEALTH_FORMS) {
    const text = healthFileOf(form, HEALTH)
    t.strictSame(
      readFileSync(join(dist, 'health', form, 'tcp_resets.conf'), 'utf8'),
      text,
      `${form} as built`,
    )
    const rules = rulesOf(text)
    const same = (rule: Rule): Record<string, string> => {
      const { info = '', summary: _, ...rest } = rule
      return { ...rest, info: info.replace(/^\S+ - /, '') }
    }
    t.strictSame(rules.map(same), RULES.map(same), `${form}: the rules`)
    for (const { name, info, summary, on } of rules.filter(({ warn }) => warn)) {
      if (on === 'netdata.uptime') continue
      const label =
        { tcp_resets_in_containers: 'most', tcp_resets_in_more_containers: 'joined' }[name] ?? 'namespace'
      const written = form === '1.37' ? `$label:${label}` : `\${label:${label}}`
      t.ok(info?.startsWith(`${written} - `), `${form} ${name}: ${info}`)
      t.ok(
        form === '1.37' ? summary === undefined : summary?.endsWith(`: ${written}`),
        `${form} ${name}: ${summary}`,
      )
      const chart = on === 'ipv4.tcp_resets' ? resetsChart('proc') : raisedChart('proc')
      t.ok(label in chart.labels, `${label} is a label of ${on}`)
    }
  }
})

t.test('each alarm that can be raised has its guide, and says where', async t => {
  const guides = readGuides(join(root, 'guides', 'tcp'))
  t.strictSame(
    guides.flatMap(({ alarm }) => alarm ?? []).sort(),
    [...new Set(CAN_BE_RAISED.map(({ name }) => name))].sort(),
    'a guide for each alarm, an alarm for each guide',
  )
  for (const { name, info, os, to, template, on } of CAN_BE_RAISED) {
    const guide = guides.find(({ alarm }) => alarm === name)
    t.match(guide, { name, platforms: os?.split(' ') }, `${name}: file name and systems of its guide`)
    const page = `/guides/tcp/${name}.html`
    t.ok(info?.endsWith(` Guide: ${page}`), `${name}: the address of its guide`)
    t.match(info, /^[\w .,:()/-]+$/, `${name}: nothing that any channel takes for markup`)
    const isContainers = template !== undefined && on === 'ipv4.tcp_resets'
    t.equal(to, isContainers ? 'silent' : 'sysadmin', `${name}: who hears of it`)
  }
})

t.test('the README quotes the numbers of the rules', async t => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const row = (name: string): string =>
    there(
      readme.split('\n').find(line => line.startsWith(`| \`${name}\``)),
      `${name} in the README`,
    )
  const rule = (name: string): Rule =>
    there(
      RULES.find(rule => rule.name === name),
      name,
    )
  const numbers = (name: string, pattern: RegExp): number[] => {
    const { lookup = '', warn } = rule(name)
    return there(pattern.exec(`${lookup} ${warn}`) ?? undefined, `${pattern} in ${name}`)
      .slice(1)
      .map(Number)
  }
  const inWords: Readonly<Record<number, string>> = { 0.2: 'a fifth', 2: 'twice' }

  const burst = numbers('10s_ipv4_tcp_resets_sent', /-(\d+)s .*: \(\$this > \((\d+) \* \(\(\S+ < (\d+)\)/)
  const [seconds = 0, factor = 0, floor = 0] = burst
  for (const part of [
    `the last ${seconds} seconds`,
    `${factor} times the minute before`,
    `${floor * factor} a second`,
  ]) {
    t.match(row('10s_ipv4_tcp_resets_sent'), part)
  }
  const flood = numbers(
    '5m_ipv4_tcp_resets_sent',
    /median -(\d+)m .*\(4\) : \((\d+)\)\) AND \$this > \(?([\d.]+) \* .*: \((\d+)\)\) \* \$usual/,
  )
  const [minutes = 0, least = 0, share = 0, times = 0] = flood
  for (const part of [
    `more than half of ${minutes} minutes`,
    `more than ${least} a second`,
    `more than ${inWords[share]} of the connections opened`,
    `${inWords[times]} what `,
  ]) {
    t.match(row('5m_ipv4_tcp_resets_sent'), part)
  }
  const [stale] = numbers('tcp_resets_last_collected_secs', /update_every\)? > (\d+)\)/)
  t.match(row('tcp_resets_last_collected_secs'), `for ${stale} seconds`)

  for (const span of ['10s', '5m']) {
    const [sent, received] = ['sent', 'received'].map(which => {
      const { warn, lookup, delay, every, options } = rule(`${span}_ipv4_tcp_resets_${which}`)
      return [warn, lookup, delay, every, options].map(text => text?.replaceAll(which, 'which'))
    })
    t.strictSame(sent, received, `${span}: the same rule both ways, as the README has it`)
  }
})

// -- in a real agent ---------------------------------------------------------------------------------------------

/** Those that a host without containers has. */
const onHost = ({ on }: Rule): boolean => on !== 'ipv4.tcp_reset_raised'

/** The part of /api/v1/alarms used here. */
interface State {
  readonly name: string
  readonly chart: string
  readonly status: string
  readonly value: number | null
  readonly info: string
  /** Unix seconds. */
  readonly last_updated: number
}

const noNetdata = findNetdata() === undefined && 'needs Netdata'
const isRoot = process.getuid?.() === 0

async function states(agent: Agent): Promise<State[]> {
  const { alarms } = (await agent.json('/api/v1/alarms?all')) as { alarms: Record<string, State> }
  return Object.values(alarms).filter(
    ({ name, chart }) =>
      chart === CHART || (chart === 'netdata.uptime' && RULES.some(rule => rule.name === name)),
  )
}

async function stateOf(agent: Agent, name: string): Promise<State | undefined> {
  return (await states(agent)).find(state => state.name === name)
}

function waitForStatus(agent: Agent, name: string, status: string, timeoutMs: number): Promise<State> {
  return agent.waitFor(
    `${name} was ${status}`,
    async () => {
      const state = await stateOf(agent, name)
      return state?.status === status ? state : undefined
    },
    timeoutMs,
  )
}

/** What the agent had to say against a health file. */
function complaints(agent: Agent, file: string): string[] {
  return agent
    .log()
    .split('\n')
    .filter(line => line.includes('Health configuration') && line.includes(file))
}

/** Everything that shows alarms is valid JSON. Parsing it is what is tested, and that it has this alarm and its guide. */
async function showsAlarm(t: Test, agent: Agent, name: string): Promise<void> {
  for (const path of ['/api/v1/alarms', '/api/v1/alarms?all', '/api/v1/alarm_log']) {
    const shown = JSON.stringify(await agent.json(path)).replaceAll('&#x2F;', '/') // the log has it escaped
    t.ok(shown.includes(`"name":"${name}"`), `${path} is valid while ${name} is raised`)
    t.ok(shown.includes(`/guides/tcp/${name}.html`), `${path} has its guide`)
  }
}

t.test(
  'a burst of real resets raises the 10s alarm, and it comes down',
  { skip: isRoot ? noNetdata : 'needs root to make a network namespace' },
  async t => {
    const netns = `tcp-resets-alarms-${process.pid}`
    execFileSync('ip', ['netns', 'add', netns])
    t.teardown(() => execFileSync('ip', ['netns', 'del', netns]))
    execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up'])
    const bad = 'health.d/not_understood.conf'
    const agent = await startAgent({
      dist,
      netns,
      stockCollectors: false,
      config: { health: { 'run at least every seconds': '1' } },
      files: { [bad]: `alarm: not_understood\non: ${CHART}\nnonsense: 1\nevery: 10s\ncalc: 1\n` },
    })
    t.teardown(() => agent.stop())
    await agent.waitForChart(CHART)

    const name = '10s_ipv4_tcp_resets_sent'
    await agent.waitFor('the alarms were there', () => stateOf(agent, name))
    const { body } = await agent.get('/api/v1/alarms?all')
    for (const { name, on } of RULES.filter(onHost)) {
      t.equal(body.split(`"${on}.${name}"`).length - 1, 1, `${name} is loaded once`)
    }
    t.strictSame(
      (await states(agent)).map(state => state.name).sort(),
      [...new Set(RULES.filter(onHost).map(rule => rule.name)), 'not_understood'].sort(),
      'those of our file and no others',
    )
    t.strictSame(complaints(agent, '/tcp_resets.conf'), [], 'nothing against our file')
    t.match(complaints(agent, '/not_understood.conf').join(), 'nonsense', 'as there would be')

    // What the last 10 seconds are compared with comes after some 70 s, and so does the end of the uptime guard.
    await agent.waitFor(
      'the minute before was known',
      async () => {
        const minute = await stateOf(agent, '1m_ipv4_tcp_resets_sent')
        const { status, body } = await agent.get('/api/v1/data?chart=netdata.uptime&after=-2&points=1')
        const uptime = (status === 200 ? JSON.parse(body) : {}) as { data?: [number, number][] }
        return (minute?.value !== null && (uptime.data?.[0]?.[1] ?? 0) > 60) || undefined
      },
      90_000,
    )
    t.match(await stateOf(agent, name), { status: 'CLEAR' }, 'quiet')
    const burst = spawn('ip', ['netns', 'exec', netns, process.execPath, '-e', refused(150)])
    t.teardown(() => burst.kill())
    const raised = await waitForStatus(agent, name, 'WARNING', 40_000)
    burst.kill()
    t.ok(Number(raised.value) > 50, `above 50 a second: ${raised.value}`)
    await showsAlarm(t, agent, name)
    await waitForStatus(agent, name, 'CLEAR', 120_000)
    t.not((await stateOf(agent, '5m_ipv4_tcp_resets_sent'))?.status, 'WARNING', 'it was no flood')
  },
)

/** So many connects a second to a closed port, until it is ended: the kernel answers each with a reset. */
const refused = (rate: number): string => `
const { connect } = require('node:net')
const some = () => {
  for (let i = 0; i < ${rate / 10}; i++) connect(9, '127.0.0.1').on('error', () => {})
}
setInterval(some, 100)`

/** An agent that watches over a plugin that measures. */
async function startWatched(t: Test): Promise<Agent> {
  const agent = await startAgent({
    dist,
    stockCollectors: false,
    config: { health: { 'run at least every seconds': '1' } },
  })
  t.teardown(() => agent.stop())
  await agent.waitForChart(CHART)
  await waitForStatus(agent, WATCH, 'CLEAR', 120_000)
  return agent
}

t.test('a plugin that was killed is noticed', { skip: noNetdata }, async t => {
  const agent = await startWatched(t)
  process.kill(there(agent.pluginPid(), 'plugin'), 'SIGKILL')
  await waitForStatus(agent, WATCH, 'WARNING', 120_000)
  t.equal(agent.pluginPid(), undefined, 'the agent has not restarted it')
  await showsAlarm(t, agent, WATCH)
})

t.test('a plugin that was removed is not missed', { skip: noNetdata }, async t => {
  const agent = await startWatched(t)
  const removed = there(agent.pluginPid(), 'plugin')
  rmSync(join(agent.dir, 'plugins', 'tcp_resets.plugin'))
  process.kill(removed, 'SIGTERM')
  await agent.waitFor(
    'an alarm that never rises again',
    async () => Number((await stateOf(agent, WATCH))?.value) < -1e9 || undefined,
  )
  t.match(await stateOf(agent, WATCH), { status: 'CLEAR' })
})

// The rules of the 5m alarms, and only they, are tested from here on. The plugin's part in them takes 6 minutes to begin
// and is left out: a stand-in publishes the chart with the variables, by what a file says. The health file is ours, but
// looks back on 20 seconds in place of 5 minutes, and is evaluated every second.

const STAND_IN = `#!/bin/bash
trap 'exit 0' TERM
echo "CHART ${CHART} '' 'TCP resets' resets/s tcp ${CHART} line 5231 1"
echo "DIMENSION sent '' absolute 1 10"
echo "DIMENSION received '' absolute 1 10"
since=
while :; do
  . '@FILE@'
  printf 'BEGIN ${CHART} %s\\nSET sent = %s\\nSET received = %s\\n' "$since" "$tenths" "$tenths" || exit 0
  for name in opened usual_sent usual_received; do
    [ -z "\${!name}" ] || echo "VARIABLE CHART $name = \${!name}"
  done
  echo END
  since=1000000
  read -r -t 1 _
done
`

interface Numbers {
  /** Resets each second, both ways. */
  readonly rate: number
  readonly opened?: number
  readonly usual_sent?: number
  readonly usual_received?: number
}

t.test('the rule of the 5m alarms raises, holds and clears', { skip: noNetdata }, async t => {
  const folder = t.testdir({
    'plugins.d': { 'tcp_resets.plugin': STAND_IN },
    'conf.d': {},
    web: {},
    'health.d': {
      'tcp_resets.conf': HEALTH.replaceAll(/(lookup: median) -5m|(every:) 10s/g, (_, lookup, every) =>
        lookup ? `${lookup} -20s` : `${every} 1s`,
      ),
    },
  })
  const [plugin, file] = [join(folder, 'plugins.d', 'tcp_resets.plugin'), join(folder, 'numbers')]
  writeFileSync(plugin, STAND_IN.replace('@FILE@', file))
  chmodSync(plugin, 0o755)
  const publish = ({ rate, ...variables }: Numbers): void =>
    writeFileSync(
      file,
      [['tenths', rate * 10], ...Object.entries(variables)]
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
  publish({ rate: 8 })
  const agent = await startAgent({
    dist: folder,
    stockCollectors: false,
    config: { health: { 'run at least every seconds': '1' } },
    ...(isRoot && { user: 'root' }), // who else may not get at the file
  })
  t.teardown(() => agent.stop())
  await agent.waitForChart(CHART)

  const [sent, received] = ['5m_ipv4_tcp_resets_sent', '5m_ipv4_tcp_resets_received'] as const
  /** The states of both once the agent has judged numbers that came three seconds after now, over this median. */
  const judged = (median: number): Promise<string[]> => {
    const now = Date.now() / 1000
    return agent.waitFor(
      `both were judged over ${median}`,
      async () => {
        const both = await Promise.all([sent, received].map(name => stateOf(agent, name)))
        const done = both.every(state => state && state.last_updated > now + 3 && state.value === median)
        return done ? both.map(state => `${state?.status}`) : undefined
      },
      40_000,
    )
  }

  t.strictSame(await judged(8), ['CLEAR', 'CLEAR'], 'nothing is said before the plugin knows what is usual')
  publish({ rate: 8, opened: 1, usual_sent: 8, usual_received: 8 })
  t.strictSame(await judged(8), ['CLEAR', 'CLEAR'], 'it is what is usual here')
  publish({ rate: 8, opened: 100, usual_sent: 1, usual_received: 1 })
  t.strictSame(await judged(8), ['CLEAR', 'CLEAR'], 'it is few of many connections')
  publish({ rate: 8, opened: 1, usual_sent: 1, usual_received: 8 })
  t.strictSame(await judged(8), ['WARNING', 'CLEAR'], 'each by what is usual for its own direction')
  publish({ rate: 8, opened: 1, usual_sent: 1, usual_received: 1 })
  t.strictSame(await judged(8), ['WARNING', 'WARNING'])
  await showsAlarm(t, agent, sent)
  await showsAlarm(t, agent, received)
  publish({ rate: 8, opened: 1, usual_sent: 5, usual_received: 5 })
  t.strictSame(await judged(8), ['WARNING', 'WARNING'], 'it stays above one and a half times what is usual')
  publish({ rate: 4.5, opened: 1, usual_sent: 1, usual_received: 1 })
  t.strictSame(await judged(4.5), ['WARNING', 'WARNING'], 'what raises it is more than what holds it')
  publish({ rate: 8, opened: 1, usual_sent: 6, usual_received: 1 })
  t.strictSame(await judged(8), ['CLEAR', 'WARNING'], 'it is over where it is as it usually is')
  publish({ rate: 4, opened: 1, usual_sent: 1, usual_received: 1 })
  t.strictSame(await judged(4), ['CLEAR', 'CLEAR'], 'or where it is next to nothing')
  publish({ rate: 4.5, opened: 1, usual_sent: 1, usual_received: 1 })
  t.strictSame(await judged(4.5), ['CLEAR', 'CLEAR'], 'what holds it does not raise it')
})
