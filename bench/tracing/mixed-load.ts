import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/build'
import { guestPython } from '../../scripts/kernels'
import type { Table } from '../table'
import type { Report } from './mixed-load-guest'
import { reportOf } from './report-of'

/**
 * How exact the charts are under the mixed load of `npm run bench -- accuracy`, where the dynamic events are granted: on the
 * packaged kernel of Debian 12.
 *
 * @param folder for what is made meanwhile
 * @returns the table, or why there is none
 */
export async function mixedLoadWithEvents(folder: string): Promise<Table | string> {
  const beside = join(root, 'test/kernel')
  const acts = readdirSync(beside).filter(name => name.endsWith('.py'))
  const table = await reportOf<Report>(folder, 'mixed-load-guest.ts', {
    files: {
      ...guestPython(),
      '/test/flood.py': join(root, 'test/tracing/flood.py'),
      '/test/hosts.nft': join(beside, 'hosts.nft'),
      '/test/mixed_load.py': join(root, 'bench/accuracy/mixed_load.py'),
      ...Object.fromEntries(acts.map(name => [`/test/kernel/${name}`, join(beside, name)])),
    },
    modules: true,
    programs: ['nft'],
  })
  if (typeof table === 'string') return table
  return { ...table, title: 'Accuracy, mixed load, with the dynamic events' }
}
