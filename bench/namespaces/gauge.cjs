// Loaded into the plugin before it starts. For each line on its input, which an agent does not write to, it tells on
// descriptor 3 what was used since the line before.
const { readFileSync, writeSync } = require('node:fs')

/** Milliseconds of CPU time of the longest callback: other work of a busy machine is not in it. */
let longest = 0

for (const name of ['setImmediate', 'setTimeout']) {
  const schedule = globalThis[name]
  globalThis[name] = (callback, ...rest) =>
    schedule(
      (...args) => {
        const before = process.cpuUsage()
        callback(...args)
        const { user, system } = process.cpuUsage(before)
        longest = Math.max(longest, (user + system) / 1000)
      },
      ...rest,
    )
}

let before = process.cpuUsage()
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage(before)
  const pss = /^Pss: +(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))
  writeSync(3, `${JSON.stringify({ cpu: user + system, longest, pss: Number(pss?.[1]) })}\n`)
  before = process.cpuUsage()
  longest = 0
})
