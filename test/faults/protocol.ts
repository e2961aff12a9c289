// What a plugin may say, as strict as an agent that ends it for one wrong line, and stricter: no agent notices a
// counter that goes down.

/** One BEGIN ... END. */
export interface Collection {
  readonly chart: string
  /** Microseconds since the one before; undefined with the first. */
  readonly microseconds: number | undefined
  readonly values: ReadonlyMap<string, bigint>
}

/** The answer to one call of a function. */
export interface Result {
  readonly transaction: string
  readonly status: number
  /** Unix seconds, by the clock of who answered. */
  readonly expires: number
  readonly body: string
}

export interface Transcript {
  readonly collections: readonly Collection[]
  readonly results: readonly Result[]
}

/** Agents end a plugin that sends more. */
const MAX_LINE = 15_360
/** The clock's rule: no tick comes within half an interval of another. Less a millisecond for rounding. */
const LEAST_MICROSECONDS = 499_000

const ID = '[A-Za-z0-9._-]+'
const TEXT = "'[^'\"\\\\`]*'"
const CHART = new RegExp(
  `^CHART (${ID}\\.${ID}) '' ${TEXT} ${TEXT} ${TEXT} ${ID} (?:line|area|stacked) \\d+ \\d+ '(obsolete)?' ${ID} ${ID}$`,
)
const DIMENSION = new RegExp(`^DIMENSION (${ID}) '' (incremental|absolute) 1 1$`)
const CLABEL = new RegExp(`^CLABEL ${ID} ${TEXT} 1$`)
const BEGIN = new RegExp(`^BEGIN (${ID})(?: (\\d+))?$`)
const SET = new RegExp(`^SET (${ID}) = (-?\\d{1,19})$`)
const VARIABLE = new RegExp(`^VARIABLE CHART ${ID} = \\d+\\.\\d{3}$`)
const NODE_VARIABLE = /^VARIABLE HOST tcp_resets_(measured_t|update_every) = \d{1,10}$/
const FUNCTION = /^FUNCTION GLOBAL "[\w-]+" \d+ "[^"]*" "top" 0x[\da-f]+ \d+ \d+$/
const RESULT_BEGIN = /^FUNCTION_RESULT_BEGIN ([\w-]{1,100}) (\d{3}) application\/json (\d+)$/

interface KnownChart {
  readonly dimensions: Map<string, string>
  /** The counters' last values. */
  readonly last: Map<string, bigint>
  started: boolean
}

/**
 * Reads all that a plugin wrote to its stdout.
 *
 * @throws naming the first line that is not as it must be
 */
export function readProtocol(text: string): Transcript {
  const lines = text.split('\n')
  const rest = lines.pop()
  const charts = new Map<string, KnownChart>()
  const collections: Collection[] = []
  const results: Result[] = []
  let at = 0

  const fail = (why: string): never => {
    throw new Error(`line ${at}: ${why}: ${JSON.stringify(lines[at - 1]?.slice(0, 200))}`)
  }
  const next = (): string => {
    const line = lines[at++]
    if (line === undefined) throw fail('the text ends in the middle of a block')
    if (Buffer.byteLength(line) > MAX_LINE) fail('longer than agents take')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(line)) fail('a control character')
    return line
  }

  const define = (id: string, obsolete: boolean): void => {
    const chart = charts.get(id) ?? { dimensions: new Map(), last: new Map(), started: false }
    charts.set(id, chart)
    if (obsolete) {
      chart.started = false
      return
    }
    for (;;) {
      const line = next()
      if (line === 'CLABEL_COMMIT') return
      const [, dimension = '', algorithm = ''] = DIMENSION.exec(line) ?? []
      if (dimension !== '') chart.dimensions.set(dimension, algorithm)
      else if (!CLABEL.test(line)) fail('expected a dimension or a label')
    }
  }

  const collect = (id: string, digits: string | undefined): void => {
    const chart = charts.get(id) ?? fail('a chart that was not defined')
    if (chart.started !== (digits !== undefined)) fail('expected microseconds from the second time on')
    if (digits !== undefined && Number(digits) < LEAST_MICROSECONDS) fail('too soon after the one before')
    chart.started = true
    const values = new Map<string, bigint>()
    for (let line = next(); line !== 'END'; line = next()) {
      if (VARIABLE.test(line)) continue
      const [, dimension = '', value] = SET.exec(line) ?? []
      if (value === undefined) throw fail('expected a value')
      if (values.has(dimension)) fail('twice in one block')
      const algorithm = chart.dimensions.get(dimension) ?? fail('a dimension that was not defined')
      const number = BigInt.asUintN(64, BigInt(value))
      if (algorithm === 'incremental') {
        if (number < (chart.last.get(dimension) ?? 0n)) fail(`below ${chart.last.get(dimension)}`)
        chart.last.set(dimension, number)
      }
      values.set(dimension, number)
    }
    if (values.size === 0) fail('a block without a value')
    collections.push({ chart: id, microseconds: digits === undefined ? undefined : Number(digits), values })
  }

  const answer = (transaction: string, status: string, expires: string): void => {
    let body = ''
    for (let line = next(); line !== 'FUNCTION_RESULT_END'; line = next()) body += `${line}\n`
    results.push({ transaction, status: Number(status), expires: Number(expires), body })
  }

  while (at < lines.length) {
    const line = next()
    const [, chart, obsolete] = CHART.exec(line) ?? []
    const [, begun, microseconds] = BEGIN.exec(line) ?? []
    const [, transaction, status = '', expires = ''] = RESULT_BEGIN.exec(line) ?? []
    if (chart !== undefined) define(chart, obsolete !== undefined)
    else if (begun !== undefined) collect(begun, microseconds)
    else if (transaction !== undefined) answer(transaction, status, expires)
    else if (!FUNCTION.test(line) && !NODE_VARIABLE.test(line)) fail('no line of the protocol')
  }
  if (rest !== '') throw new Error(`the text ends in the middle of a line: ${JSON.stringify(rest)}`)
  return { collections, results }
}

/** The values of one dimension, in the order in which they were published. */
export function valuesIn({ collections }: Transcript, chart: string, dimension: string): bigint[] {
  return collections
    .filter(collection => collection.chart === chart)
    .flatMap(({ values }) => values.get(dimension) ?? [])
}
