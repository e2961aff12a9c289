import { freebsdProcesses } from './freebsd-processes'
import { linuxProcesses } from './linux-processes'
import type { Processes } from './processes'

export function processesOn(platform: NodeJS.Platform): Processes {
  return platform === 'freebsd' ? freebsdProcesses : linuxProcesses
}
