/** The only ways in which the page makes elements. Text goes in as text, never as HTML. */

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  if (text !== '') made.textContent = text
  return made
}

export function svg(name: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  if (text !== '') made.textContent = text
  return made
}

/** Changes the text only when it is another: a screen reader speaks up at each change. */
export function setText(of: Element, text: string): void {
  if (of.textContent !== text) of.textContent = text
}
