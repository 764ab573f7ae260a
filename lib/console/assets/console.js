// Keys, and a dialog instead of the confirmation page. Without this script every page works too.

const stored = 'console-keys'
const keys = document.getElementById('keys')
const toggle = document.getElementById('keys-switch')

function remembered() {
  try {
    return localStorage.getItem(stored) !== 'off'
  } catch {
    return true
  }
}

let isOn = remembered()

function switchKeys(on) {
  isOn = on
  keys?.classList.toggle('off', !on)
  if (toggle) toggle.textContent = on ? 'Turn keys off' : 'Turn keys on'
}

if (keys) {
  keys.hidden = false
  switchKeys(isOn)
  toggle.addEventListener('click', () => {
    switchKeys(!isOn)
    try {
      localStorage.setItem(stored, isOn ? 'on' : 'off')
    } catch {
      // without storage the choice ends with the page
    }
  })
}

const rows = () => [...document.querySelectorAll('a.row')]

function move(step) {
  const all = rows()
  const at = all.indexOf(document.activeElement)
  const next = at < 0 ? all[0] : all[Math.min(Math.max(at + step, 0), all.length - 1)]
  next?.focus()
}

function reveal(element) {
  const fold = element.closest('details')
  if (fold) fold.open = true
  element.focus()
}

function press(key) {
  const field = key === '/' ? document.getElementById('text') : document.querySelector(`[data-focus="${key}"]`)
  const button = document.querySelector(`[data-key="${key}"]`)
  if (field) reveal(field)
  else if (button) button.click()
  return Boolean(field || button)
}

const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }

// arrows scroll the page, until the focus is on a row
function isMove(key) {
  if (!Object.hasOwn(moves, key) || rows().length === 0) return false
  return key.length === 1 || document.activeElement.matches('a.row')
}

document.addEventListener('keydown', (event) => {
  const { key, target } = event
  if (!isOn || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  const isTyping = target.closest('input:not([type="checkbox"]), textarea, select, dialog[open], [contenteditable]')
  if (key === 'Escape' && isTyping && !target.closest('dialog[open]')) return target.blur()
  if (isTyping) return
  if (isMove(key)) {
    event.preventDefault()
    return move(moves[key])
  }
  if (/^[a-z/]$/.test(key) && press(key)) event.preventDefault()
})

// names what was ticked off, and what was lowered
function describeLess(form, dialog) {
  const text = dialog.querySelector('.less')
  const leftOut = [...form.querySelectorAll('input[type="checkbox"]:not(:checked)')].map(
    (box) => box.closest('label').querySelector('strong').textContent,
  )
  const changed = [...form.querySelectorAll('.choice:has(:checked) input[data-asked]')]
    .filter((input) => input.value.trim() !== input.dataset.asked)
    .map(
      (input) =>
        `${input.labels[0].firstChild.textContent.trim()}, from ${input.dataset.asked} to ${input.value.trim()}`,
    )
  const sentences = [
    leftOut.length > 0 && `Left out: ${leftOut.join(', ')}.`,
    changed.length > 0 && `Changed: ${changed.join('; ')}.`,
  ]
  text.textContent = sentences.filter(Boolean).join(' ') || text.dataset.whole
  text.hidden = text.textContent === ''
}

function ask(form, dialog) {
  describeLess(form, dialog)
  dialog.querySelector('[data-yes]').onclick = () => {
    form.elements.confirmed.value = 'yes'
    form.submit()
  }
  dialog.querySelector('[data-no]').onclick = () => dialog.close()
  dialog.showModal()
}

for (const form of document.querySelectorAll('form[data-confirm]')) {
  form.addEventListener('submit', (event) => {
    const dialog = document.getElementById(form.dataset.confirm)
    // Enter in a field closes a dialog that does not exist
    if (event.submitter?.formMethod === 'dialog' || !dialog?.showModal) return
    event.preventDefault()
    ask(form, dialog)
  })
}

// a page that the browser kept has what it was shown then
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})
