import { element } from './dom'

/** How long the button says that it has copied. */
const SAID_MS = 2000

/** Puts a copy button above each block of commands. */
export function addCopyButtons(): void {
  for (const figure of document.querySelectorAll('figure.code')) {
    const code = figure.querySelector('code')
    if (code === null) continue
    const button = element('button', 'copy', 'Copy')
    button.type = 'button'
    let timer = 0
    button.addEventListener('click', async () => {
      button.textContent = (await copy(code)) ? 'Copied' : 'Selected'
      clearTimeout(timer)
      timer = setTimeout(() => {
        button.textContent = 'Copy'
      }, SAID_MS)
    })
    button.setAttribute('aria-live', 'polite')
    figure.querySelector('figcaption')?.append(button)
  }
}

/** Copies the commands; where no browser way works, leaves them selected, for the reader to copy. */
async function copy(code: HTMLElement): Promise<boolean> {
  const text = (code.textContent ?? '').trimEnd()
  // Most agents are served over plain HTTP, and there browsers have no clipboard for pages: it is undefined.
  const clipboard = navigator.clipboard as Clipboard | undefined
  const written = await clipboard?.writeText(text).then(
    () => true,
    () => false,
  )
  return written || copyFromField(text) || select(code)
}

function copyFromField(text: string): boolean {
  const field = element('textarea', 'offscreen')
  field.value = text
  field.readOnly = true
  const before = document.activeElement
  document.body.append(field)
  field.select()
  try {
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    field.remove()
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  }
}

function select(code: HTMLElement): false {
  getSelection()?.selectAllChildren(code)
  return false
}
