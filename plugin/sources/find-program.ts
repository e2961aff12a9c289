import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { attempt } from '../attempt'

/** Looks a program up in the absolute directories of PATH only: any other would mean one below the current directory. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(':')
    .filter(isAbsolute)
    .map(directory => join(directory, name))
    .find(isProgram)
}

function isProgram(file: string): boolean {
  return (
    attempt(() => {
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    }) ?? false
  )
}
