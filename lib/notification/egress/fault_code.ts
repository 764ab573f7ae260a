/** The code of an error, or its name; `unknown` if it has neither. A thrown value may be anything. */
export function faultCode(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown }
  return [code, name].find(isName) ?? 'unknown'
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value)
}
