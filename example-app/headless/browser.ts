/** The page that a browser shows after every redirect. */
export interface Shown {
  url: URL
  status: number
  text: string
}

type Fields = Record<string, string | string[]>

/** A small browser with forms, cookies and redirects. */
export interface Browser {
  open(url: string | URL): Promise<Shown>
  /** Submits the form whose action ends in `action`, as it is filled in on the page, with `fields` in place of its own. */
  submit(page: Shown, action: string, fields?: Fields): Promise<Shown>
}

const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
const unescaped = (text: string) => text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => entities[entity]!)

interface Form {
  action: string
  multipart: boolean
  filled: [name: string, value: string][]
}

/** What the inputs of a form have, but boxes that are not ticked. */
function filledIn(markup: string): Form['filled'] {
  const inputs = [...markup.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag)
  return inputs.flatMap((tag) => {
    const [, name] = / name="([^"]*)"/.exec(tag) ?? []
    const [, value] = / value="([^"]*)"/.exec(tag) ?? []
    const isOff = / disabled/.test(tag) || (/type="(checkbox|radio)"/.test(tag) && !/ checked/.test(tag))
    return name === undefined || value === undefined || isOff ? [] : [[name, unescaped(value)]]
  })
}

function formsOf(page: Shown): Form[] {
  return [...page.text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].map(
    ([whole, action, inner]) => ({
      action: unescaped(action!),
      multipart: whole.slice(0, whole.indexOf('>')).includes('multipart/form-data'),
      filled: filledIn(inner!),
    }),
  )
}

export function createBrowser(fetchPage: typeof fetch): Browser {
  // By name and path, because cookies ignore ports.
  const cookies = new Map<string, { path: string; value: string }>()

  function remember(response: Response, url: URL): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const name = pair.slice(0, pair.indexOf('='))
      const path = attributes.find((attribute) => attribute.startsWith('path='))?.slice(5) ?? url.pathname
      cookies.set(`${name} ${path}`, { path, value: pair })
    }
  }

  function cookiesFor(url: URL): string {
    return [...cookies.values()].flatMap(({ path, value }) => (url.pathname.startsWith(path) ? value : [])).join('; ')
  }

  async function go(target: string | URL, init: RequestInit = {}): Promise<Shown> {
    const url = new URL(target)
    const response = await fetchPage(url, {
      ...init,
      redirect: 'manual',
      headers: { Accept: 'text/html', Cookie: cookiesFor(url), ...init.headers },
    })
    remember(response, url)
    const location = response.headers.get('Location')
    if (location) return go(new URL(location, url))
    return { url, status: response.status, text: await response.text() }
  }

  async function submit(page: Shown, action: string, fields: Fields = {}): Promise<Shown> {
    const form = formsOf(page).find((candidate) => candidate.action.split('?')[0]?.endsWith(action))
    if (!form) throw new Error(`${page.url} shows no form that leads to ${action}`)
    const body = form.multipart ? new FormData() : new URLSearchParams()
    const own = form.filled.filter(([name]) => !Object.hasOwn(fields, name))
    for (const [name, value] of [...own, ...Object.entries(fields)]) {
      for (const each of [value].flat()) body.append(name, each)
    }
    const url = new URL(form.action, page.url)
    const site = url.origin === new URL(page.url).origin ? 'same-origin' : 'same-site'
    return go(url, { method: 'POST', body, headers: { 'Sec-Fetch-Site': site } })
  }

  return { open: go, submit }
}
