import { startCoverage } from '../test/fuzz/coverage'
import { type Course, courseOf, fuzzOn, keepCrash } from '../test/fuzz/fuzz'
import { dice } from '../test/fuzz/mutate'
import { TARGETS } from '../test/fuzz/targets'

// `npm run fuzz`: every parser of outside text, on real texts that are changed a little, again and again; what gets to a new
// part of the program is kept and changed further. `npm run fuzz -- MINUTES [TARGET ...]` (10, all). An input that breaks
// something becomes a file below test/fuzz/crashes, which the tests try from then on.

const DEFAULT_MINUTES = 10
const MAX_CORPUS = 1000
/** So many inputs, then a look at what they reached: it costs as much as some dozen inputs. */
const BATCH = 25

function report({ target, runs, corpus, crashes }: Course): string {
  return `| ${target.name} | ${runs.toLocaleString('en-US')} | ${target.seeds().length} | ${corpus.length} | ${crashes} |`
}

function fuzz(minutes: number, names: readonly string[]): boolean {
  const seed = Date.now() % 2 ** 32
  const roll = dice(seed)
  const coverage = startCoverage(['/plugin/', '/explain/', '/web/'])
  const courses = TARGETS.filter(({ name }) => names.length === 0 || names.includes(name)).map(courseOf)
  const said = new Set<string>()
  console.error(`seed ${seed}`)
  for (const end = Date.now() + minutes * 60_000; Date.now() < end; ) {
    for (const course of courses) {
      fuzzOn(course, BATCH, roll, coverage, (input, error) => {
        const file = keepCrash(course.target, input, error)
        if (!said.has(file)) console.error(file, error)
        said.add(file)
      })
      // The seeds stay.
      const most = course.target.seeds().length + MAX_CORPUS
      while (course.corpus.length > most) course.corpus.splice(-1 - roll(MAX_CORPUS), 1)
    }
  }
  const crashes = courses.reduce((sum, course) => sum + course.crashes, 0)
  console.log(`| parser | inputs | real texts to begin with | kept for what they reached | broke |
| --- | ---: | ---: | ---: | ---: |
${courses.map(report).join('\n')}

${coverage.size().toLocaleString('en-US')} parts of the program reached, counted by how often; ${crashes} inputs broke something (${said.size} kinds).`)
  return crashes === 0
}

const [minutes = `${DEFAULT_MINUTES}`, ...names] = process.argv.slice(2)
if (Number(minutes) > 0) process.exitCode = fuzz(Number(minutes), names) ? 0 : 1
else {
  console.error(`expected minutes, found ${JSON.stringify(minutes)}`)
  process.exitCode = 1
}
