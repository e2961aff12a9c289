// Loaded before the command: kills it for good just before its Nth change to a file system.
const fs = require('node:fs')

let left = Number(process.env.KILL_AT)
for (const name of [
  'mkdirSync',
  'openSync',
  'writeFileSync',
  'linkSync',
  'symlinkSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
]) {
  const real = fs[name]
  fs[name] = (...args) => {
    if (name !== 'openSync' || args[1] === 'wx') left--
    if (left === 0) process.kill(process.pid, 'SIGKILL')
    return real(...args)
  }
}
