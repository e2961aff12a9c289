import { arch, cpus, loadavg, release, type, version } from 'node:os'

/** What the figures were measured on, on one line, and how busy it was before: a loaded machine blurs them. */
export function describeMachine(): string {
  const cores = cpus()
  const model = cores[0]?.model.trim() || 'unknown CPU'
  const load = loadavg()[0]?.toFixed(1)
  return [
    `Measured on: ${model}, ${cores.length} cores (${arch()})`,
    `${type()} ${release()} (${version()})`,
    `Node ${process.versions.node}`,
    `load before ${load}`,
  ].join('; ')
}
