// Updates the queue while somebody looks at it. What the pointer is on, or what has the focus, stays where it is.
{
  const list = document.querySelector('[data-live]')
  const shownId = /\/deferrals\/([\w-]{22})$/.exec(location.pathname)?.[1]
  const idOf = (row) => /deferrals\/([\w-]{22})/.exec(row.querySelector('a.row')?.getAttribute('href'))?.[1]
  const rowsIn = (root) => new Map([...root.querySelectorAll('[data-live] tbody tr')].map((row) => [idOf(row), row]))

  const heading = document.querySelector('.heading')
  const bar = document.createElement('p')
  const state = document.createElement('span')
  const button = document.createElement('button')
  let isPaused = false
  const missed = new Set()
  let isWaiting = false
  let fresh

  function say(text) {
    state.textContent = text
  }

  function showBar() {
    bar.className = 'live'
    state.setAttribute('role', 'status')
    button.type = 'button'
    button.className = 'link'
    button.textContent = 'Pause'
    bar.append(state, ' ', button)
    heading?.append(bar)
    say('Live')
    button.addEventListener('click', () => {
      isPaused = !isPaused
      button.textContent = isPaused ? 'Go on' : 'Pause'
      say(isPaused ? 'Paused' : 'Live')
      if (!isPaused && missed.size > 0) refresh()
      missed.clear()
    })
  }

  const anchor = () => list.querySelector('tr:hover') ?? list.querySelector('tr:focus-within')

  function updateTabs(page) {
    const tabs = [...document.querySelectorAll('.tabs a')]
    const others = [...page.querySelectorAll('.tabs a')]
    if (tabs.length !== others.length) return
    for (const [at, tab] of tabs.entries()) tab.replaceChildren(...others[at].childNodes)
  }

  // the first cell has the link, which may have the focus
  function updateRow(row, other) {
    const cells = [...row.cells].slice(1)
    if (other) row.cells[0].querySelector('small')?.replaceWith(other.cells[0].querySelector('small') ?? '')
    row.classList.toggle('gone', !other)
    if (!other) row.querySelector('.when').textContent = 'no longer in this list'
    else for (const [at, cell] of cells.entries()) cell.replaceChildren(...[...other.cells][at + 1].childNodes)
  }

  function showNew() {
    const content = fresh?.querySelector('[data-live]')
    fresh = undefined
    if (content) list.replaceChildren(...content.childNodes)
    say('Live')
  }

  function apply(page) {
    updateTabs(page)
    fresh = page
    const fixed = anchor()
    if (!fixed) return showNew()
    const top = fixed.getBoundingClientRect().top
    const others = rowsIn(page)
    const present = rowsIn(document)
    for (const [id, row] of present) updateRow(row, others.get(id)?.cloneNode(true))
    scrollBy(0, fixed.getBoundingClientRect().top - top)
    const added = [...others.keys()].filter((id) => !present.has(id)).length
    if (added > 0) say(`${added} new, shown when you leave the list`)
  }

  async function refresh() {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
    if (!answer.ok) return say('Not live: please load this page again')
    apply(new DOMParser().parseFromString(await answer.text(), 'text/html'))
  }

  function refreshSoon() {
    if (isWaiting) return
    isWaiting = true
    setTimeout(() => {
      isWaiting = false
      refresh().catch(() => say('Not live: no connection'))
    }, 500)
  }

  function changed({ id }) {
    if (!isPaused) return refreshSoon()
    missed.add(id)
    say(`Paused: ${missed.size} changed`)
  }

  function sayChanged() {
    if (document.querySelector('.note.changed')) return
    const note = document.createElement('div')
    note.className = 'note changed'
    note.setAttribute('role', 'status')
    const link = document.createElement('a')
    link.href = location.pathname + location.search.replace(/([?&])done=\w+&?/, '$1')
    link.textContent = 'Look again'
    note.append('This request has changed. ', link)
    document.querySelector('main').prepend(note)
  }

  const revisionOf = (page) => page.querySelector('[data-revision]')?.dataset.revision

  // one's own change may be told after the page that shows it
  async function lookAgain() {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
    const page = answer.ok && new DOMParser().parseFromString(await answer.text(), 'text/html')
    if (!page || revisionOf(page) !== revisionOf(document)) sayChanged()
  }

  function listen(url, heard) {
    const source = new EventSource(url)
    source.addEventListener('message', ({ data }) => heard(JSON.parse(data)))
    source.addEventListener('open', () => list && !isPaused && say('Live'))
    source.addEventListener('error', () => list && say(source.readyState === 2 ? 'Not live' : 'Not live: connecting'))
    addEventListener('pagehide', () => source.close())
  }

  if (list) {
    showBar()
    listen('events', changed)
    const left = () => setTimeout(() => fresh && !anchor() && showNew())
    list.addEventListener('mouseleave', left)
    list.addEventListener('focusout', left)
  } else if (shownId) listen('../events', ({ id }) => id === shownId && lookAgain().catch(sayChanged))
}
