// Asks our own server for the state every second. When the state changes, it shows the new page.
const main = document.getElementById('main')
const page = location.pathname

async function showNews() {
  const response = await fetch(page)
  const news = new DOMParser().parseFromString(await response.text(), 'text/html')
  document.title = news.title
  main.replaceChildren(...news.getElementById('main').childNodes)
  main.focus()
}

async function look() {
  const checking = document.getElementById('checking')
  if (!checking) return
  try {
    const response = await fetch(`${page}/status`)
    const { state, progress } = await response.json()
    const shown = document.getElementById('progress')
    if (response.ok && state !== checking.dataset.state) await showNews()
    else if (response.ok && shown.textContent !== progress) shown.textContent = progress
  } catch {
    // The server restarts, or the browser is offline: ask again.
  }
  setTimeout(look, 1000)
}

look()
