import { components } from './components.js'
import type { Operation } from './operation.js'
import { part, type Schema, text } from './schema.js'

const problems: Record<number, string> = {
  400: 'the request is wrong',
  401: 'the console knows no operator who sends this',
  403: 'you may not, or the request comes from another site',
  404: 'there is no such deferral, or you may not read it',
  409: 'nothing changed; deferral is how it is now',
  412: 'it has changed since the ETag in If-Match; deferral is how it is now',
  413: 'the body is too large',
  415: 'the content-type is not application/json',
  422: 'more than was requested, or longer than the Grant lasts',
  500: 'something went wrong',
}

function responsesOf({ answer, refusals }: Operation): object {
  const problem = { 'application/problem+json': { schema: part('Problem') } }
  const statuses = [401, 403, 500, ...refusals].sort()
  return {
    200: { description: 'done', content: { 'application/json': { schema: answer } } },
    ...Object.fromEntries(statuses.map((status) => [status, { description: problems[status], content: problem }])),
  }
}

function parametersOf({ path, query = {}, body }: Operation): object[] {
  const inPath = path.includes('{id}') ? [{ name: 'id', in: 'path', required: true, schema: text() }] : []
  const inQuery = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema }))
  const inHeader = body ? [{ name: 'If-Match', in: 'header', schema: text('ETag of the deferral') }] : []
  return [...inPath, ...inQuery, ...inHeader]
}

function operationOf(operation: Operation): object {
  const { name, summary, body } = operation
  return {
    operationId: name,
    summary,
    parameters: parametersOf(operation),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: closed(body) } } } }),
    responses: responsesOf(operation),
  }
}

const closed = (schema: Schema): Schema => ({ ...schema, additionalProperties: false })

/** The OpenAPI document of these operations. They are also the routes, so it cannot name other ones. */
export function documentOf(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of operations) {
    const { path, method } = operation
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Deferred requests',
      version: '1',
      description:
        'What the console does, for programs. The sender of a request is who authenticate of the console says.',
    },
    servers: [{ url: './', description: 'the folder of this document' }],
    paths,
    components: { schemas: components },
  }
}
