import { dirname, join } from 'node:path'

/**
 * Where the configuration files are: the stock one, and the user's where Netdata says where that is.
 *
 * @param program the program's own file: without Netdata around, the stock file is looked for as it is installed,
 * in `conf.d` beside the program's folder
 */
export function configPaths(env: NodeJS.ProcessEnv, program: string): { stock: string; user?: string } {
  const stockDir = env.NETDATA_STOCK_CONFIG_DIR || join(dirname(program), '..', 'conf.d')
  const stock = join(stockDir, 'tcp_resets.conf')
  const userDir = env.NETDATA_USER_CONFIG_DIR
  return userDir ? { stock, user: join(userDir, 'tcp_resets.conf') } : { stock }
}
