import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import t, { type t as tap } from 'tap'
import { stockConfig } from '../../plugin/config/generated/stock'
import { parseConfig } from '../../plugin/config/parse'
import schema from '../../plugin/config/schema.json'
import { agentKnows } from '../../plugin/netdata/agent-knows'
import { configurationLine } from '../../plugin/netdata/configuration'
import { collections, type RunningPlugin, startPlugin } from '../built-plugin'

// The exchange of dynamic configuration on the built plugin's own stdin and stdout, as an agent from 2 on has it.

const NEWEST = 'v2.11.0-84-nightly'
const stockConf = join(__dirname, '..', '..', 'dist', 'conf.d')

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

let calls = 0

/** Calls an action of the configuration as the agent does, and waits for the answer. */
async function call(running: RunningPlugin, action: string, payload?: string): Promise<Answer> {
  const transaction = `0f-${calls++}`
  const words = `${transaction} 120 "config tcp_resets:settings ${action}" "0x7fff" "method=api,role=admin"`
  running.child.stdin?.write(
    payload === undefined
      ? `FUNCTION ${words}\n`
      : `FUNCTION_PAYLOAD ${words} "application/json"\n${payload}\nFUNCTION_PAYLOAD_END\n`,
  )
  const answer = new RegExp(
    `^FUNCTION_RESULT_BEGIN ${transaction} (\\d+) (\\S+) \\d+\\n([\\s\\S]*?)\\nFUNCTION_RESULT_END\\n`,
    'm',
  )
  await running.until(stdout => answer.test(stdout))
  const [, status, type = '', body = ''] = answer.exec(running.stdout()) ?? []
  return { status: Number(status), type, body }
}

t.test('which agents know what', async t => {
  const none = { configuration: false, functionDel: false }
  const cases: [string | undefined, ReturnType<typeof agentKnows>][] = [
    [undefined, none],
    ['', none],
    ['v1.37.1', none],
    ['v1.99.0-12-nightly', none],
    ['nightly', none],
    ['v2.0.0', { configuration: true, functionDel: false }],
    ['v2.10.9', { configuration: true, functionDel: false }],
    [NEWEST, { configuration: true, functionDel: true }],
    ['2.11.0', { configuration: true, functionDel: true }],
    ['v3.0.1', { configuration: true, functionDel: true }],
    ['v10.2', { configuration: true, functionDel: true }],
  ]
  for (const [version, expected] of cases) t.strictSame(agentKnows(version), expected, `${version}`)
})

t.test('the line that registers it', async t => {
  t.equal(
    configurationLine('tcp_resets:settings', '/etc/netdata/tcp_resets.conf'),
    "CONFIG tcp_resets:settings create running single /collectors/tcp_resets user /etc/netdata/tcp_resets.conf 'schema get update userconfig' 0 0\n",
  )
  t.match(
    configurationLine('a:b', "/it's\nmine/x.conf"),
    / user '\/it_s mine\/x\.conf' /,
    'one word, one line',
  )
})

/** The plugin under an agent of a version, with a user's file. */
function underAgent(t: Pick<typeof tap, 'testdir' | 'teardown'>, version: string | undefined, file = '') {
  const dir = t.testdir({ 'tcp_resets.conf': file })
  const running = startPlugin(t, {
    NETDATA_STOCK_CONFIG_DIR: stockConf,
    NETDATA_USER_CONFIG_DIR: dir,
    NETDATA_LOG_LEVEL: 'info',
    ...(version !== undefined && { NETDATA_VERSION: version }),
  })
  return { running, path: join(dir, 'tcp_resets.conf') }
}

const configLines = (stdout: string): string[] => stdout.match(/^CONFIG .*$/gm) ?? []
/** The interval that the host's chart was last defined with. */
const intervalOf = (stdout: string): number =>
  Number([...stdout.matchAll(/^CHART ipv4\.tcp_resets '.* 5231 (\d+) ''/gm)].at(-1)?.[1])

t.test('an old agent, or one that does not tell: not a word of it', async t => {
  for (const version of [undefined, 'v1.37.1', 'v1.99.9']) {
    const { running } = underAgent(t, version)
    t.match(await call(running, 'get'), { status: 404 })
    t.notMatch(running.stdout(), /^(CONFIG|FUNCTION_DEL)/m, `${version}`)
  }
})

t.test('what there is: the line, the schema, what is in use', async t => {
  const { running, path } = underAgent(t, NEWEST, 'namespaces:\n  max: 7\n')
  const schemaAnswer = await call(running, 'schema')
  t.strictSame(configLines(running.stdout()), [configurationLine('tcp_resets:settings', path).trimEnd()])
  t.match(schemaAnswer, { status: 200, type: 'application/json' })
  const { jsonSchema, uiSchema } = JSON.parse(schemaAnswer.body)
  t.match(jsonSchema, schema, 'the one schema')
  t.match(uiSchema, { tracing: { function_for: { 'ui:help': /signed_in/ } } })
  const isGood = new Ajv({ strict: false }).compile(jsonSchema)

  const got = await call(running, 'get')
  t.match(got, { status: 200, type: 'application/json' })
  const inUse = JSON.parse(got.body)
  t.strictSame(inUse, { ...stockConfig, namespaces: { ...stockConfig.namespaces, max: 7 } })
  t.ok(isGood(inUse), 'what is in use is good by the schema of the form')
  t.match(await call(running, 'restart'), { status: 400 })
  t.match(await call(running, ''), { status: 400 })
})

t.test('an update is in use at once, wins over the file key by key, and says so', async t => {
  const { running, path } = underAgent(t, NEWEST, 'update_every: 3\nnamespaces:\n  max: 7\n')
  await running.until(stdout => collections(stdout) > 0)
  t.equal(intervalOf(running.stdout()), 3)
  const before = collections(running.stdout())
  t.match(await call(running, 'update', '{\n "update_every": 1,\n "tracing": {"enabled": false}\n}'), {
    status: 200,
    type: 'application/json',
    body: '{"status":200,"message":"in use"}',
  })
  await running.until(stdout => collections(stdout) >= before + 6)
  t.equal(intervalOf(running.stdout()), 1)
  t.match(running.stdout(), /^VARIABLE HOST tcp_resets_update_every = 1$/m)
  t.match(
    running.stderr(),
    / INFO: the settings of the dashboard are in use; they override the files in update_every, tracing\.enabled\n/,
  )
  const inUse = JSON.parse((await call(running, 'get')).body)
  t.match(inUse, { update_every: 1, namespaces: { max: 7 }, tracing: { enabled: false } })

  writeFileSync(path, 'update_every: 2\nnamespaces:\n  max: 9\n')
  running.child.kill('SIGHUP')
  await running.until((_, stderr) => stderr.includes('was read again'))
  t.match(
    JSON.parse((await call(running, 'get')).body),
    { update_every: 1, namespaces: { max: 9 } },
    'it still wins over the file when that is read again',
  )
  t.match(await call(running, 'update', '{}'), { status: 200 })
  t.match(JSON.parse((await call(running, 'get')).body), { update_every: 2, namespaces: { max: 9 } })
})

t.test('a saved update that comes right after the line', async t => {
  const { running } = underAgent(t, NEWEST, 'update_every: 2\n')
  running.child.stdin?.write(
    'FUNCTION_PAYLOAD 0f-saved 120 "config tcp_resets:settings update" "0xffff" "" "application/json"\n{"update_every":1}\nFUNCTION_PAYLOAD_END\n',
  )
  await running.until(stdout => /^FUNCTION_RESULT_BEGIN 0f-saved 200 /m.test(stdout))
  await running.until(stdout => collections(stdout) >= 4)
  t.equal(intervalOf(running.stdout()), 1)
})

t.test('a bad update changes nothing, and says the key, what was expected and what was found', async t => {
  const { running } = underAgent(t, NEWEST, 'update_every: 2\n')
  const before = (await call(running, 'get')).body
  const cases: Record<string, [payload: string, message: string]> = {
    'one of two is wrong': [
      '{"update_every": 5, "namespaces": {"max": -1}}',
      'namespaces.max: expected a whole number from 0 to 10000, found -1',
    ],
    'two are': [
      '{"update_every": "often", "colour": "blue"}',
      'update_every: expected a whole number of seconds from 1 to 3600, found "often"; unknown key "colour", expected one of: update_every, namespaces, tracing',
    ],
    'in a section': [
      '{"tracing": {"function_for": "everyone"}}',
      'tracing.function_for: expected signed_in or anyone, found "everyone"',
    ],
    'no JSON': ['update_every: 5', 'expected JSON'],
    nothing: ['', 'expected JSON'],
    'a list': ['[1]', 'the file: expected keys and values, found [1]'],
    null: ['null', 'expected keys and values, found null'],
  }
  for (const [name, [payload, message]] of Object.entries(cases)) {
    const { status, body } = await call(running, 'update', payload)
    t.equal(status, 400, name)
    t.equal(JSON.parse(body).error_message, message, name)
    t.equal((await call(running, 'get')).body, before, `${name}: as it was`)
  }
  t.match(
    running.stderr(),
    / ERROR: settings of the dashboard: namespaces\.max: expected .* nothing was changed\n/,
  )
  t.equal(intervalOf(running.stdout()), 2)
  t.equal(configLines(running.stdout()).length, 1)
})

t.test('as a file that a person can keep', async t => {
  const { running } = underAgent(t, NEWEST)
  const settings = {
    update_every: 5,
    namespaces: { include: 'a*\nFUNCTION_RESULT_END\n\' "\\', max: 3 },
    tracing: { function_for: 'anyone' },
  }
  const { status, type, body } = await call(running, 'userconfig', JSON.stringify(settings))
  t.equal(status, 200)
  t.equal(type, 'application/yaml')
  const parsed = parseConfig(body)
  t.match('config' in parsed && parsed.config, settings)
  t.match(body, /^# Seconds between two collections\.\n(#.*\n)+update_every: 5$/m, 'with the comments')
  t.notMatch(body, /Do not edit/)
  t.match(await call(running, 'userconfig', '{"x":1}'), { status: 400 })
})

t.test('SIGHUP: the configuration is read again, and a bad one changes nothing', async t => {
  const { running, path } = underAgent(t, undefined, 'update_every: 3\n')
  await running.until(stdout => collections(stdout) > 0)
  writeFileSync(path, 'update_every: often\n')
  running.child.kill('SIGHUP')
  await running.until((_, stderr) => stderr.includes('the configuration stays as it was'))
  t.match(running.stderr(), `${path}:1:15: update_every: expected a whole number`)
  t.equal(intervalOf(running.stdout()), 3)

  writeFileSync(path, 'update_every: 1\n')
  running.child.kill('SIGHUP')
  await running.until(stdout => intervalOf(stdout) === 1)
  const before = collections(running.stdout())
  await running.until(stdout => collections(stdout) >= before + 6)
})
