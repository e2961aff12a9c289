import { Agent, get } from 'node:http'

/** Asks for a page and passes over it. Rejects where there is none. */
export function scrape(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, response => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${url}: ${response.statusCode}`))
      })
    }).on('error', reject)
  })
}

/** Asks once a second, over one connection, as Prometheus does, until the returned function is called. */
export function scrapeEachSecond(url: string): () => void {
  const agent = new Agent({ keepAlive: true })
  const timer = setInterval(() => scrape(url, agent).catch(() => {}), 1000)
  return () => {
    clearInterval(timer)
    agent.destroy()
  }
}
