import t from 'tap'
import { startPlugin } from '../built-plugin'
import { makeGrant, whyNoTracing } from './grant'

// The table is offered for as long as there is something to tell, to agents that know functions that go.

const skip = whyNoTracing() ?? false

/** What was said of the table, in order. */
const offers = (stdout: string): string[] => stdout.match(/^FUNCTION(?:_DEL)? GLOBAL "[\w-]+"/gm) ?? []

const OFFER = 'FUNCTION GLOBAL "tcp-resets"'
const TAKEN_BACK = 'FUNCTION_DEL GLOBAL "tcp-resets"'

t.test('comes and goes with the grant', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  const dir = t.testdir({ 'tcp_resets.conf': grant.config })
  const versions = { 'v2.11.0': true, 'v1.37.1': false }
  const plugins = Object.entries(versions).map(([version, knows]) => ({
    knows,
    running: startPlugin(t, {
      NETDATA_USER_CONFIG_DIR: dir,
      NETDATA_VERSION: version,
      NETDATA_LOG_LEVEL: 'info',
    }),
  }))
  for (const { running } of plugins) await running.until((_, stderr) => stderr.includes('tcp-resets grant'))
  for (const again of [false, true]) {
    // One can read a buffer at a time. The other one has its counts, which is all that is needed here.
    grant.grant()
    for (const { running, knows } of plugins) {
      await running.until(
        (stdout, stderr) =>
          stderr.split('tracing: reading').length === (again ? 3 : 2) &&
          offers(stdout).length === (again && knows ? 3 : 1),
      )
    }
    await grant.revoke()
    for (const { running, knows } of plugins) {
      await running.until((_, stderr) => stderr.split('no longer granted').length === (again ? 3 : 2))
      if (knows) await running.until(stdout => offers(stdout).length === (again ? 4 : 2))
    }
  }
  const [newest, old] = plugins.map(({ running }) => offers(running.stdout()))
  t.strictSame(newest, [OFFER, TAKEN_BACK, OFFER, TAKEN_BACK])
  t.strictSame(old, [OFFER], 'offered once; a call is answered that there is nothing')
})

t.test('goes and comes with the configuration', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  grant.grant()
  const dir = t.testdir({ 'tcp_resets.conf': grant.config })
  const running = startPlugin(t, { NETDATA_USER_CONFIG_DIR: dir, NETDATA_VERSION: 'v2.11.0' })
  const update = (transaction: string, tracing: object): void => {
    running.child.stdin?.write(
      `FUNCTION_PAYLOAD ${transaction} 10 "config tcp_resets:settings update"\n${JSON.stringify({ tracing })}\nFUNCTION_PAYLOAD_END\n`,
    )
  }
  await running.until(stdout => offers(stdout).length === 1)
  update('a', { function: false })
  await running.until(stdout => stdout.includes('FUNCTION_RESULT_BEGIN a 200') && offers(stdout).length === 2)
  running.child.stdin?.write('FUNCTION b 10 "tcp-resets"\n')
  await running.until(stdout => stdout.includes('FUNCTION_RESULT_BEGIN b 404'))
  update('c', { function_for: 'anyone' })
  await running.until(stdout => / 0x8 100 3$/m.test(stdout))
  update('d', { enabled: false })
  await running.until(
    stdout => /^CHART ipv4\.tcp_resets_traced .* 'obsolete' /m.test(stdout) && offers(stdout).length === 4,
  )
  t.strictSame(offers(running.stdout()), [OFFER, TAKEN_BACK, OFFER, TAKEN_BACK])
})
