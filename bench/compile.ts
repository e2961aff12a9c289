import { spawnSync } from 'node:child_process'
import { basename, join } from 'node:path'

/** Compiles a C program into a folder. Its path; undefined where there is no compiler. */
export function compile(source: string, dir: string): string | undefined {
  const program = join(dir, basename(source, '.c'))
  return spawnSync('cc', ['-O2', '-o', program, source]).status === 0 ? program : undefined
}
