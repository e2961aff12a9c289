// What it takes to have both pipes open to an agent, with nothing to say and nothing to hear.
process.stdin.resume()
process.stdout.on('error', () => process.exit())
setInterval(() => {}, 1000)
