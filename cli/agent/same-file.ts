import { statSync } from 'node:fs'
import { attempt } from '../../plugin/attempt'

/** Whether two paths lead to the same file or directory, whatever it is mounted as; not where one of them is not there. */
export function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map(path => attempt(() => statSync(path)))
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino
}
