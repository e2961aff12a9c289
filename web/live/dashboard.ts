/**
 * For Netdata's own dashboards before version 2, which load one script that the user names:
 * `[web] custom dashboard_info.js = guides/tcp/dashboard.js`. There the address of a guide, which is plain text in
 * every notice, becomes a link, and the charts get one as well. It leads to the agent and the node that are looked at,
 * whatever proxy is before them.
 */

import { withOneSlash } from './address'

declare const customDashboard: { context: Record<string, { info: string }> }

const ADDRESS = /(?:https?:\/\/[^\s]*)?\/guides\/tcp\/(\w+\.html)/

/** Where the dashboard's node has its pages: `/`, `/netdata/`, `/host/web-1/`. */
const base = `${withOneSlash(location.pathname.replace(/(?:old\/)?[^/]*$/, ''))}/`

for (const context of ['ipv4.tcp_resets', 'ipv4.tcp_reset_causes']) {
  customDashboard.context[context] = {
    info: `What the numbers mean and what to do: <a href="${encodeURI(base)}guides/tcp/index.html">the guides</a>.`,
  }
}

/** Makes links of the addresses in a part of the page. */
function link(part: Node): void {
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT)
  const texts: Text[] = []
  while (walker.nextNode()) texts.push(walker.currentNode as Text)
  for (const text of texts) {
    const found = ADDRESS.exec(text.data)
    if (found === null || text.parentElement?.closest('a')) continue
    const address = text.splitText(found.index)
    address.splitText(found[0].length)
    const anchor = document.createElement('a')
    anchor.href = `${base}guides/tcp/${found[1]}`
    address.replaceWith(anchor)
    anchor.append(address)
  }
}

const modal = document.getElementById('alarmsModal')
if (modal !== null) {
  new MutationObserver(changes => {
    for (const { addedNodes } of changes) addedNodes.forEach(link)
  }).observe(modal, { childList: true, subtree: true })
}
