import { type Html, html } from '../../web/html.js'

/** One link for each status, and one for all of them. */
export function filterLinks<T extends string>(
  path: string,
  filters: Readonly<Record<T, string>>,
  current: T | undefined,
): Html {
  const link = (filter: T | undefined, label: string) =>
    html`<a href="${path}?status=${filter ?? 'all'}"${filter === current && html` aria-current="page"`}>${label}</a>`
  const entries = Object.entries(filters) as [T, string][]
  return html`<nav class="filters" aria-label="Filter by status">${entries.map(([filter, label]) => link(filter, label))}${link(undefined, 'All')}</nav>`
}

export interface Place {
  filter: string | undefined
  /** False on the first page. */
  further: boolean
  /** Cursor of the next page, if there is one. */
  cursor: string | undefined
}

/** Links to the first page and to the next. */
export function pageLinks(path: string, { filter, further, cursor }: Place): Html {
  const status = filter ?? 'all'
  const older = new URLSearchParams({ status, ...(cursor && { cursor }) })
  return html`<nav class="pages" aria-label="Pages">
${further && html`<a class="button quiet" href="${path}?status=${status}">Newest</a>`}
${cursor && html`<a class="button quiet" href="${path}?${older.toString()}">Older</a>`}
</nav>`
}
