import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Which of the built health files is the right one for an agent. What its own are written in tells: it need not run for
 * that. A key that an agent does not know is an error in its log, and a label that it does not know stays as it is written.
 *
 * @param stockConf its directory of stock configuration
 * @returns the file's place in the built tree
 */
export function healthFileFor(stockConf: string): readonly string[] {
  const dir = join(stockConf, 'health.d')
  const stock = (lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(dir) : [])
    .map(name => join(dir, name))
    .filter(path => path.endsWith('.conf') && !path.endsWith('/tcp_resets.conf') && lstatSync(path).isFile())
    .map(path => readFileSync(path, 'utf8'))
  if (stock.some(text => /^ *summary:/m.test(text))) return ['health', '1.43', 'tcp_resets.conf']
  if (stock.some(text => /^ *info:.*\$label:/m.test(text))) return ['health', '1.37', 'tcp_resets.conf']
  return ['health.d', 'tcp_resets.conf']
}
