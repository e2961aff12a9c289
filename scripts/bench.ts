import { describeMachine } from '../bench/machine'
import { type Table, toMarkdown } from '../bench/table'
import { build } from './build'

// `npm run bench`: the figures of docs/measured.md, measured on this machine. `npm run bench -- NAME ...` runs only those
// that are named.

/** What a bench measured, in the order in which docs/measured.md shows it. */
interface Bench {
  bench(): Promise<readonly Table[]>
}

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  peers: () => import('../bench/peers'),
  cost: () => import('../bench/cost'),
  accuracy: () => import('../bench/accuracy'),
  alarms: () => import('../bench/alarms'),
  namespaces: async () => printing((await import('../bench/namespaces')).namespaces),
  explain: () => import('../bench/explain'),
  recording: () => import('../bench/recording'),
  archives: () => import('../bench/archives'),
  tracing: async () => printing((await import('../bench/tracing')).tracing),
}

/** A bench that prints its tables itself, as it goes. */
function printing(print: () => Promise<void>): Bench {
  return {
    async bench() {
      await print()
      return []
    },
  }
}

/** Those that take long enough to be asked for by name. */
const ONLY_WHEN_NAMED: readonly string[] = [
  'alarms',
  'archives',
  'explain',
  'namespaces',
  'recording',
  'tracing',
]

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter(name => !Object.hasOwn(BENCHES, name))
  if (unknown.length > 0) {
    console.error(`expected some of ${Object.keys(BENCHES).join(', ')}, found ${unknown.join(', ')}`)
    return 1
  }
  await build()
  console.log(describeMachine())
  for (const [name, load] of Object.entries(BENCHES)) {
    if (names.length > 0 ? !names.includes(name) : ONLY_WHEN_NAMED.includes(name)) continue
    const { bench } = await load()
    for (const table of await bench()) console.log(`\n${toMarkdown(table)}`)
  }
  return 0
}

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code
  },
  error => {
    console.error(error)
    process.exitCode = 1
  },
)
