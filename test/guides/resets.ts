import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Makes 400 connects a second to a closed port of this host, until the function that it gives is called. */
export function keepResetting(): () => Promise<void> {
  let on = true
  const ended = (async () => {
    // Bounded, whatever happens to the test: four minutes at most.
    for (let round = 0; on && round < 4800; round++) {
      for (let count = 0; count < 20; count++) connect(9, '127.0.0.1').on('error', () => undefined)
      await sleep(50)
    }
  })()
  return () => {
    on = false
    return ended
  }
}
