import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, root } from './build'
import { MUTANTS, type Mutant } from './mutants/list'

// `npm run mutants`: plants one fault after the other in a copy of the project, and runs the tests that have to notice.
// Ends with 1 when one was not noticed. `npm run mutants -- chart` takes only those whose file has that in its path.

const PARTS = [
  'bench',
  'cli',
  'conf.d',
  'dist',
  'explain',
  'guides',
  'health.d',
  'packaging',
  'plugin',
  'scripts',
]
const ALSO = ['test', 'web', 'metadata.yaml', 'package.json', 'tsconfig.json']

function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'mutants-'))
  for (const part of [...PARTS, ...ALSO]) cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** @returns the test that noticed, or undefined */
function noticedBy({ file, from, to, tests }: Mutant, copy: string): string | undefined {
  const path = join(copy, file)
  const good = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    good.replace(from, () => to),
  )
  try {
    return tests.find(
      test =>
        spawnSync(process.execPath, ['--import=tsx', test], { cwd: copy, timeout: 300_000 }).status !== 0,
    )
  } finally {
    writeFileSync(path, good)
  }
}

async function main(part: string | undefined): Promise<number> {
  await build()
  const mutants = MUTANTS.filter(({ file }) => part === undefined || file.includes(part))
  const copy = copyProject()
  try {
    const survivors = mutants.filter(mutant => {
      const test = noticedBy(mutant, copy)
      const what = `${mutant.file}: ${JSON.stringify(mutant.from)} → ${JSON.stringify(mutant.to)}`
      console.log(test === undefined ? `SURVIVED  ${what}` : `noticed   ${what}`)
      return test === undefined
    })
    console.log(`${mutants.length} faults planted, ${survivors.length} not noticed`)
    return survivors.length === 0 ? 0 : 1
  } finally {
    rmSync(copy, { recursive: true })
  }
}

main(process.argv[2]).then(
  code => {
    process.exitCode = code
  },
  error => {
    console.error(error)
    process.exitCode = 1
  },
)
