import { writeSync } from 'node:fs'
import { loadFile } from './load'
import { configPaths } from './paths'

/**
 * Checks one configuration file, or those that the plugin would use. Faults go to stderr, one line each with file,
 * line and column; what is good goes to stdout.
 *
 * @returns the exit code: 0 when every file is good, 1 otherwise
 */
export async function checkConfig(
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  program: string,
): Promise<number> {
  const { stock, user } = configPaths(env, program)
  const files = file === undefined ? [stock, ...(user === undefined ? [] : [user])] : [file]
  let bad = false
  for (const path of files) {
    const loaded = await loadFile(path)
    // A user needs no file of their own.
    if (loaded === undefined && path === user) continue
    const faults = loaded?.faults ?? [`${path}: expected a file, found none`]
    for (const fault of faults) writeSync(2, `${fault}\n`)
    if (faults.length === 0) writeSync(1, `${path}: good\n`)
    else bad = true
  }
  return bad ? 1 : 0
}
