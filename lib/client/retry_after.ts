/** `Retry-After` of a response in seconds (RFC 9110, 10.2.3). A date is compared with the date of the response, if it has one. */
export function retryAfter({ headers }: Response): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  const sentAt = Date.parse(headers.get('date') ?? '')
  const seconds = Math.ceil((Date.parse(value) - (Number.isNaN(sentAt) ? Date.now() : sentAt)) / 1000)
  return seconds >= 0 ? seconds : undefined
}
