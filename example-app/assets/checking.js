// Asks our own server every second; when the answer is there, the page turns into it.
const main = document.getElementById('main')
const progress = document.getElementById('progress')

async function showAnswer() {
  const response = await fetch('/account')
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  document.title = page.title
  main.replaceChildren(...page.getElementById('main').childNodes)
  main.focus()
}

async function look() {
  try {
    const response = await fetch('/account/status')
    const answer = await response.json()
    if (response.ok && answer.status !== 'checking') return await showAnswer()
    if (response.ok && progress.textContent !== answer.progress) progress.textContent = answer.progress
  } catch {
    // The server is being restarted, or we are offline: look again.
  }
  setTimeout(look, 1000)
}

look()
