// these members are stored as JSON text: their keys come from requests, and BSON would refuse or reinterpret some (`$ref`,
// `_bsontype`, NUL, deep nesting)
const jsonMembers = [
  'authorizationDetails',
  'claims',
  'context',
  'requestedDetails',
  'source',
  'decision',
  'votes',
] as const

type Members = Record<string, unknown>

/** The document of a record. */
export function toDocument(members: object): Members {
  const document: Members = { ...members }
  for (const name of jsonMembers) if (document[name] !== undefined) document[name] = JSON.stringify(document[name])
  return document
}

/**
 * Turns a document into the record, in place. JSON text is parsed when its member is first read: the client of a deferral is checked
 * before anything large is parsed. Otherwise the response time would show that another client's handle exists.
 */
export function fromDocument<T>(document: Members): T {
  for (const name of jsonMembers) {
    const text = document[name]
    if (typeof text === 'string') parseOnce(document, name, text)
  }
  return document as T
}

function parseOnce(document: Members, name: string, text: string): void {
  Object.defineProperty(document, name, {
    configurable: true,
    enumerable: true,
    get(this: Members) {
      const value: unknown = revive(name, JSON.parse(text))
      Object.defineProperty(this, name, { configurable: true, enumerable: true, writable: true, value })
      return value
    },
  })
}

function revive(name: string, value: unknown): unknown {
  if (name === 'decision') return withDates(value as Members)
  return name === 'votes' ? (value as Members[]).map(withDates) : value
}

// `at` and `until` are the only dates in these members
function withDates(value: Members): Members {
  const dates = ['at', 'until'].filter((name) => value[name] !== undefined)
  return { ...value, ...Object.fromEntries(dates.map((name) => [name, new Date(value[name] as string)])) }
}
