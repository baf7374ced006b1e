/**
 * The script of the page: fetches the part that renews itself, and puts it in place. It holds while the page can't be
 * seen, while the reader has marked text, and on demand. Without it the page is as it was when it was fetched.
 */
export const SCRIPT = `
'use strict'
const refreshMs = Number(document.documentElement.dataset.refreshMs)
const live = document.getElementById('live')
const state = document.getElementById('state')
const stateText = document.getElementById('state-text')
const pause = document.getElementById('pause')
let paused = false

function show(name, text) {
  if (state.dataset.state === name) return
  state.dataset.state = name
  stateText.textContent = text
}

function marksText() {
  const selection = getSelection()
  return selection !== null && !selection.isCollapsed && live.contains(selection.anchorNode)
}

async function renew() {
  if (paused || document.hidden || marksText()) return
  try {
    const answer = await fetch('/console/live', { cache: 'no-store', signal: AbortSignal.timeout(10000) })
    if (!answer.ok) throw new Error(String(answer.status))
    const text = await answer.text()
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

pause.hidden = false
pause.addEventListener('click', () => {
  paused = !paused
  pause.setAttribute('aria-pressed', String(paused))
  pause.textContent = paused ? 'Go on' : 'Pause'
  show(paused ? 'paused' : 'live', paused ? 'Paused' : 'Live')
})
document.addEventListener('visibilitychange', renew)

if (navigator.clipboard !== undefined) {
  for (const button of document.querySelectorAll('.copy')) {
    button.hidden = false
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent)
      button.textContent = 'Copied'
      setTimeout(() => { button.textContent = 'Copy' }, 2000)
    })
  }
}

run()
`
