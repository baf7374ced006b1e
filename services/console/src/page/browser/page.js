'use strict'

// Fetches the live part of the page every `refreshMs` milliseconds and replaces it. It pauses while the tab is hidden,
// while the reader has selected text, and on demand. Without this script the page stays as it was delivered.

const refreshMs = Number(document.documentElement.dataset.refreshMs)
const live = element('live')
const state = element('state')
const stateText = element('state-text')
const pause = element('pause')
let paused = false

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no element #${id}.`)
  return found
}

/**
 * @param {'live' | 'lost' | 'paused'} name
 * @param {string} text
 */
function show(name, text) {
  if (state.dataset.state === name) return
  state.dataset.state = name
  stateText.textContent = text
}

function hasSelection() {
  const selection = getSelection()
  return selection !== null && !selection.isCollapsed && live.contains(selection.anchorNode)
}

async function renew() {
  if (paused || document.hidden || hasSelection()) return
  try {
    const response = await fetch('/console/live', { cache: 'no-store', signal: AbortSignal.timeout(10000) })
    if (!response.ok) throw new Error(String(response.status))
    const text = await response.text()
    if (paused) return
    live.innerHTML = text
    show('live', 'Live')
  } catch {
    show('lost', 'No answer; trying again')
  }
}

async function run() {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, refreshMs))
    await renew()
  }
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  await navigator.clipboard.writeText(button.previousElementSibling?.textContent ?? '')
  button.textContent = 'Copied'
  setTimeout(() => {
    button.textContent = 'Copy'
  }, 2000)
}

pause.hidden = false
pause.addEventListener('click', () => {
  paused = !paused
  pause.setAttribute('aria-pressed', String(paused))
  pause.textContent = paused ? 'Continue' : 'Pause'
  show(paused ? 'paused' : 'live', paused ? 'Paused' : 'Live')
})
document.addEventListener('visibilitychange', renew)

// Browsers offer the clipboard only on HTTPS and on localhost.
if (/** @type {Clipboard | undefined} */ (navigator.clipboard) !== undefined) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('.copy'))) {
    button.hidden = false
    button.addEventListener('click', () => copy(button))
  }
}

void run()
