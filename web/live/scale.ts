import type { Series } from './answers'

/** The time that the chart shows, in seconds. */
export const WINDOW = 600

/** The smallest round number (1, 2, 5 and their tenfolds) that `highest` fits below; at least 1. */
export function roundAbove(highest: number): number {
  let top = 1
  for (const factors = [2, 2.5, 2]; top < highest; ) {
    const factor = factors.shift() ?? 2
    factors.push(factor)
    top *= factor
  }
  return top
}

export interface Frame {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export interface Range {
  readonly from: number
  readonly to: number
  readonly highest: number
}

export type Point = readonly [x: number, y: number]

/** A line as runs of points: it ends where nothing was measured, and where times are missing. */
export function runs(
  { times }: Series,
  values: readonly (number | null)[],
  gap: number,
  range: Range,
  frame: Frame,
): Point[][] {
  const found: Point[][] = []
  let last = Number.NEGATIVE_INFINITY
  times.forEach((time, index) => {
    const value = values[index]
    if (typeof value !== 'number' || time < range.from || time > range.to) return
    if (time - last > gap) found.push([])
    last = time
    const x = frame.left + ((time - range.from) / (range.to - range.from)) * (frame.right - frame.left)
    const share = Math.min(1, Math.max(0, value / range.highest))
    found[found.length - 1]?.push([x, frame.bottom - share * (frame.bottom - frame.top)])
  })
  return found
}

/** The runs as an SVG path; a run of one point is a short dash, or it would not be seen. */
export function path(lines: readonly (readonly Point[])[]): string {
  const at = ([x, y]: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`
  return lines
    .map(line => (line.length === 1 && line[0] ? `M${at(line[0])}h1` : `M${line.map(at).join('L')}`))
    .join('')
}
