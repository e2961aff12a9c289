// Connects at a steady rate, in rounds: {host, ports: [first, last], rate, seconds, rounds, pause, after}, as JSON.
// `after`: what follows a connect that succeeds: `reset` it, or `ask` something 50 ms later and wait for the answer.
// It says when it begins.
const { connect } = require('node:net')
const { host, ports, rate, seconds, rounds, pause, after } = JSON.parse(process.argv[2])

const STEP = 5
const PATIENCE = 10_000
let made = 0

function open() {
  const [first, last] = ports
  const socket = connect({ host, port: first + (made++ % (last - first + 1)) })
  socket.on('error', () => {})
  if (after === 'reset') socket.on('connect', () => socket.resetAndDestroy())
  if (after === 'ask') {
    socket.on('connect', () => setTimeout(() => socket.destroyed || socket.write('?'), 50))
    socket.on('data', () => socket.end())
  }
  setTimeout(() => socket.destroy(), PATIENCE).unref()
}

// By the clock, not by the number of steps: a step that comes late is made up for.
function round(left) {
  const start = Date.now()
  const before = made
  const steps = setInterval(() => {
    const elapsed = Math.min((Date.now() - start) / 1000, seconds)
    while (made - before < elapsed * rate) open()
    if (elapsed < seconds) return
    clearInterval(steps)
    if (left > 1) setTimeout(round, pause * 1000, left - 1)
  }, STEP)
}
console.log('begun')
round(rounds)
