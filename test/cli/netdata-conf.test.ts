import t from 'tap'
import { alarmNames } from '../../cli/agent/api'
import { layoutFrom } from '../../cli/agent/layout'
import { directoriesIn, parseNetdataConf } from '../../cli/agent/netdata-conf'

// As Netdata 1.37.1 gives it at /netdata.conf, cut to a few lines.
const ANSWER = `# netdata configuration

[global]
	run as user = netdata

	# option 'web files owner' is not used.
	web files owner = root

[directories]
	# config = /etc/netdata
	# stock config = /usr/lib/netdata/conf.d
	# web = /usr/share/netdata/web
	# lib = /var/lib/netdata
	# plugins = "/usr/lib/netdata/plugins.d" "/etc/netdata/custom-plugins.d"

[environment variables]
	# PATH = /usr/bin:/bin
	# PYTHONPATH = 
`

t.test('what a running agent says of its configuration', async t => {
  const conf = parseNetdataConf(ANSWER)
  t.equal(conf.get('global')?.get('run as user'), 'netdata')
  t.equal(conf.get('environment variables')?.get('PATH'), '/usr/bin:/bin', 'a default')
  t.equal(conf.get('environment variables')?.get('PYTHONPATH'), '', 'an empty one')
  t.strictSame(layoutFrom(conf, 'http://x'), {
    from: "the running agent's answer at http://x",
    plugins: '/usr/lib/netdata/plugins.d',
    stockConf: '/usr/lib/netdata/conf.d',
    userConf: '/etc/netdata',
    web: '/usr/share/netdata/web',
    lib: '/var/lib/netdata',
    state: '/var/lib/netdata-tcp-resets',
  })
  t.equal(layoutFrom(parseNetdataConf('<html>'), 'http://x'), undefined, 'something else that answers')
  t.strictSame(directoriesIn('/a "/b c"'), ['/a', '/b c'])
  t.strictSame(directoriesIn(''), [])
})

t.test('alarms of a health file', async t => {
  const text = ' template: 1m_x_sent\n   on: y\n# alarm: no\nalarm: 5m_x_received\n'
  t.strictSame(alarmNames(text, 'linux'), ['1m_x_sent', '5m_x_received'])
  t.strictSame(alarmNames(text, 'freebsd'), ['5m_x_received'])
})
