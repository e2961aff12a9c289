/** From which version of Netdata on a form of the health file is the best one. */
export const HEALTH_FORMS = ['1.37', '1.43'] as const

/**
 * The health file for the agents from one version on. `health.d/tcp_resets.conf` itself is for all of them: what some
 * don't know is in comments. `which` names the label of the chart that an alarm's text begins with, and a label in a
 * `summary`, known from 1.43 on, is told by its name. The rules are the same in all.
 *
 * @param text the file for all of them
 */
export function healthFileOf(form: (typeof HEALTH_FORMS)[number], text: string): string {
  // In a replacement, $$ is a dollar sign.
  const [before, after] = form === '1.37' ? ['$$label:', ''] : ['$${label:', '}']
  const named = text.replace(/^# *which: (\w+)\n( *info: )/gm, `$2${before}$1${after} - `)
  return form === '1.37'
    ? named.replace(/^# *summary:.*\n/gm, '')
    : named.replace(/^#( *summary:.* )the label (\w+) of the chart$/gm, ` $1${before}$2${after}`)
}
