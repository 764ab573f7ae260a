import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { TestDesk } from '../desk.js'

/** A call that has its place in the document. */
export interface Answer {
  status: number
  headers: Headers
  // the document says what it is
  body: Record<string, unknown>
}

export interface CallOptions {
  body?: unknown
  who?: string
  headers?: Record<string, string>
}

/** The API of a console. Every answer must be in its document: status, content type and body. */
export interface CheckedApi {
  document: Document
  get(path: string, options?: CallOptions): Promise<Answer>
  post(path: string, options?: CallOptions): Promise<Answer>
  /** the answers so far, as `operation status` */
  answered: Set<string>
}

interface Content {
  [type: string]: { schema: object }
}

interface Operation {
  operationId: string
  summary: string
  parameters: { name: string; in: string; schema: Record<string, unknown> }[]
  requestBody?: {
    content: { 'application/json': { schema: { properties: Record<string, object>; required: string[] } } }
  }
  responses: Record<string, { content: Content }>
}

export interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

/** A copy of a schema whose objects have no other members: what is missing in the document is found. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  const isOpen = 'additionalProperties' in copy || typeof copy.properties !== 'object' || !('type' in copy)
  return isOpen ? copy : { ...copy, additionalProperties: false }
}

function validators({ components }: Document) {
  const ajv = new Ajv2020({ strict: true, allErrors: true, strictTypes: false })
  formats.default(ajv)
  const schemas = closed(components.schemas)
  const inDefs = (schema: unknown) =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"https://console/#/$defs/'))
  ajv.addSchema({ $id: 'https://console/', $defs: inDefs(schemas) })
  const compiled = new Map<object, ValidateFunction>()
  return (schema: object): ValidateFunction => {
    const validate = compiled.get(schema) ?? ajv.compile(inDefs(closed(schema)))
    compiled.set(schema, validate)
    return validate
  }
}

function operationAt({ paths }: Document, method: string, path: string): Operation | undefined {
  const found = Object.keys(paths).find((pattern) =>
    new RegExp(`^${pattern.replace('.', '\\.').replace('{id}', '[^/]+')}$`).test(path),
  )
  return found === undefined ? undefined : paths[found]?.[method.toLowerCase()]
}

/** Reads the document of a console, and checks all answers against it. */
export async function checkedApi({ url }: TestDesk): Promise<CheckedApi> {
  const response = await fetch(`${url}api/openapi.json`, { headers: { cookie: 'staff=kim' } })
  const document: Document = JSON.parse(await response.text())
  const validator = validators(document)
  const answered = new Set<string>()

  async function call(method: string, path: string, { body, who = 'kim', headers = {} }: CallOptions): Promise<Answer> {
    const response = await fetch(`${url}api${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(who && { cookie: `staff=${who}` }),
        ...(method === 'POST' && { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }),
        ...headers,
      },
      ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
    })
    const text = await response.text()
    const operation = operationAt(document, method, path.split('?')[0] ?? '')
    const parsed = JSON.parse(text)
    if (operation) {
      const type = response.headers.get('content-type')?.split(';')[0] ?? ''
      const content = operation.responses[String(response.status)]?.content[type]
      if (!content) throw new Error(`${method} ${path}: ${response.status} ${type} is not in the document: ${text}`)
      const validate = validator(content.schema)
      if (!validate(parsed)) throw new Error(`${method} ${path}: ${JSON.stringify(validate.errors)}\n${text}`)
      answered.add(`${operation.operationId} ${response.status}`)
    }
    return { status: response.status, headers: response.headers, body: parsed }
  }

  return {
    document,
    answered,
    get: (path, options = {}) => call('GET', path, options),
    post: (path, options = {}) => call('POST', path, options),
  }
}
