import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { stockConfig } from '../../plugin/config/generated/stock'
import { loadConfig, loadFile } from '../../plugin/config/load'
import { parseConfig } from '../../plugin/config/parse'
import schema from '../../plugin/config/schema.json'

const invalid = join(__dirname, 'invalid')
const stock = join(__dirname, '..', '..', 'conf.d', 'tcp_resets.conf')

/** Every kind of fault and its exact message. */
const MESSAGES: Record<string, string[]> = {
  'a-list': ['1:1: the file: expected keys and values, found ["update_every"]'],
  'a-word': ['1:1: the file: expected keys and values, found "every second"'],
  'alias-bomb': ['1:1: broken YAML: Excessive alias count indicates a resource exhaustion attack'],
  'broken-yaml': [
    '2:1: broken YAML: Flow sequence in block collection must be sufficiently indented and end with a ], found ""',
  ],
  'duplicate-key': ['2:1: duplicate key, expected every key once, found "update_every: 2"'],
  fraction: ['1:15: update_every: expected a whole number of seconds from 1 to 3600, found 1.5'],
  'key-is-a-list': ['1:3: broken YAML: With stringKeys, all keys must be strings, found "[a, b]"'],
  'in-a-section': [
    '2:3: tracing: unknown key "enable", expected one of: enabled, function, function_for, directory',
    '3:13: tracing.function: expected true or false, found "yes"',
    '4:14: tracing.directory: expected the absolute path of a directory, found "run"',
    '5:17: tracing.function_for: expected signed_in or anyone, found "everyone"',
  ],
  'namespaces-empty': ['1:12: namespaces: expected keys and values, found null'],
  'namespaces-list': [
    '2:12: namespaces.include: expected simple patterns in one text, found ["web-*","db-*"]',
  ],
  'namespaces-several': [
    '2:12: namespaces.enabled: expected true or false, found "sometimes"',
    '3:8: namespaces.max: expected a whole number from 0 to 10000, found -1',
    '4:3: namespaces: unknown key "maximum", expected one of: enabled, include, exclude, max, ring',
  ],
  'namespaces-word': ['1:13: namespaces: expected keys and values, found false'],
  'no-section': ['1:10: tracing: expected keys and values, found true'],
  'no-value': ['1:14: update_every: expected a whole number of seconds from 1 to 3600, found null'],
  proto: ['1:1: unknown key "__proto__", expected one of: update_every, namespaces, tracing'],
  several: [
    '1:15: update_every: expected a whole number of seconds from 1 to 3600, found 5000',
    '2:1: unknown key "colour", expected one of: update_every, namespaces, tracing',
    '3:1: unknown key "x\\ny", expected one of: update_every, namespaces, tracing',
  ],
  tab: ['1:1: broken YAML: Tabs are not allowed as indentation, found "\\tupdate_every: 1"'],
  'too-small': ['1:15: update_every: expected a whole number of seconds from 1 to 3600, found 0'],
  'two-documents': ['2:1: broken YAML: expected one document, found "---"'],
  'unknown-alias': ['1:15: broken YAML: Unresolved alias (the anchor must be set before the alias): nope'],
  'unknown-key': ['1:1: unknown key "update_evry", expected one of: update_every, namespaces, tracing'],
  'unknown-tag': ['1:18: broken YAML: Unresolved tag: tag:yaml.org,2002:foo, found "!!foo 1"'],
  'wrong-type': ['2:15: update_every: expected a whole number of seconds from 1 to 3600, found "fast"'],
}

t.test('each fault is one line with file, line, column, what was expected and what was found', async t => {
  t.strictSame(
    readdirSync(invalid),
    Object.keys(MESSAGES)
      .map(name => `${name}.conf`)
      .sort(),
  )
  for (const [name, messages] of Object.entries(MESSAGES)) {
    const path = join(invalid, `${name}.conf`)
    t.strictSame(
      await loadFile(path),
      { config: {}, faults: messages.map(message => `${path}:${message}`) },
      name,
    )
  }
})

t.test('the stock file is good, and says every key with its default', async t => {
  t.strictSame(parseConfig(readFileSync(stock, 'utf8')), { config: stockConfig })
  t.strictSame(Object.keys(stockConfig).sort(), Object.keys(schema.properties).sort())
  t.strictSame(
    Object.keys(stockConfig.namespaces).sort(),
    Object.keys(schema.properties.namespaces.properties).sort(),
  )
  t.strictSame(
    Object.keys(stockConfig.tracing).sort(),
    Object.keys(schema.properties.tracing.properties).sort(),
  )
})

t.test('the user wins over stock', async t => {
  const dir = t.testdir({
    stock: 'update_every: 2\n',
    user5: '# mine\nupdate_every: 5\n',
    empty: '',
    comment: '# nothing\n',
    bad: 'update_every: x\n',
  })
  const seconds = async (stock: string, user: string | undefined) => {
    const { config, faults } = await loadConfig(join(dir, stock), user && join(dir, user))
    return [config.update_every, faults.length]
  }
  t.strictSame(await seconds('stock', undefined), [2, 0])
  t.strictSame(await seconds('stock', 'missing'), [2, 0])
  t.strictSame(await seconds('stock', 'empty'), [2, 0])
  t.strictSame(await seconds('stock', 'comment'), [2, 0])
  t.strictSame(await seconds('stock', 'user5'), [5, 0])
  t.strictSame(await seconds('stock', 'bad'), [2, 2], 'a bad file sets nothing')
  t.strictSame(await seconds('missing', 'user5'), [5, 0])
  t.strictSame(await seconds('bad', undefined), [1, 2], 'a bad stock file: the built-in one')
  const { config, faults } = await loadConfig(join(dir, 'stock'), join(dir, 'bad'))
  t.ok(Object.isFrozen(config))
  t.strictSame(faults, [
    `${join(dir, 'bad')}:1:15: update_every: expected a whole number of seconds from 1 to 3600, found "x"`,
    `${join(dir, 'bad')}: not used, running on the stock one`,
  ])
  const kept = await loadConfig(join(dir, 'user5'), undefined)
  t.strictSame(
    await loadConfig(join(dir, 'stock'), join(dir, 'bad'), kept.config),
    {
      config: kept.config,
      faults: [
        `${join(dir, 'bad')}:1:15: update_every: expected a whole number of seconds from 1 to 3600, found "x"`,
        'the configuration stays as it was',
      ],
    },
    'read again with a fault in it',
  )
})

t.test('the keys of a section are merged one by one', async t => {
  const dir = t.testdir({
    stock: "namespaces:\n  include: 'a*'\n  max: 7\n",
    user: "namespaces:\n  exclude: 'ab'\n  max: 9\n",
  })
  const { config, faults } = await loadConfig(join(dir, 'stock'), join(dir, 'user'))
  t.strictSame(faults, [])
  t.strictSame(config, {
    update_every: 1,
    namespaces: { enabled: true, include: 'a*', exclude: 'ab', max: 9, ring: '' },
    tracing: stockConfig.tracing,
  })
  t.ok(Object.isFrozen(config.namespaces))
})

t.test('a section is merged key by key', async t => {
  const dir = t.testdir({ stock: '', user: 'tracing:\n  function: false\n' })
  const { config } = await loadConfig(join(dir, 'stock'), join(dir, 'user'))
  t.strictSame(config.tracing, { ...stockConfig.tracing, function: false })
  t.ok(Object.isFrozen(config.tracing))
})

t.test('files that are none', async t => {
  const dir = t.testdir()
  mkdirSync(join(dir, 'dir'))
  writeFileSync(join(dir, 'large'), '#'.repeat(300_000))
  t.equal(await loadFile(join(dir, 'missing')), undefined)
  t.match(await loadFile(join(dir, 'dir')), { faults: [/dir: expected a file/] })
  t.match(await loadFile(join(dir, 'large')), { faults: [/expected at most 262144 bytes, found 300000/] })
  t.match(await loadFile(join(dir, 'dir\0')), { faults: [/null bytes/] })
})

t.test('a file that is something else altogether is told of in a few lines', async t => {
  const path = join(
    t.testdir({ 'tcp_resets.conf': `"${'a'.repeat(500)}": 1\n${'- x: : y\n'.repeat(5000)}` }),
    'tcp_resets.conf',
  )
  const faults = (await loadFile(path))?.faults ?? []
  t.equal(faults.length, 21)
  t.match(faults.at(-1), /tcp_resets\.conf: and \d+ more$/)
  for (const fault of faults) t.ok(fault.length < path.length + 350, `${fault.length} characters`)
})

t.test('no bytes crash it, and every fault is one line', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          'update_every',
          ':',
          ' ',
          '\n',
          '1',
          '-',
          '[',
          '{',
          '&a',
          '*a',
          '!!x',
          '"',
          '\t',
          '|',
        ),
        {
          maxLength: 30,
        },
      )
      .map(all => all.join('')),
  )
  fc.assert(
    fc.property(text, text => {
      const parsed = parseConfig(text)
      return (
        'config' in parsed ||
        parsed.faults.every(
          ({ line, column, message }) => line >= 1 && column >= 1 && !/[\n\r]/.test(message),
        )
      )
    }),
    { numRuns: 3000 },
  )
})
