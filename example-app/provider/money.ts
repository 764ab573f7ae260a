/** Amounts are whole cents, because 0.1 + 0.2 is not 0.3 in floating point. */
export function cents(value: unknown): number | undefined {
  const [, euro, fraction = ''] = (typeof value === 'string' && /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(value)) || []
  if (euro === undefined) return undefined
  return Number(euro) * 100 + Number(fraction.padEnd(2, '0'))
}

/** As on the wire: "1234.50". */
export function decimal(sum: number): string {
  return (sum / 100).toFixed(2)
}

/** As on pages: "1,234.50 euro". */
export function spoken(sum: number): string {
  return `${(sum / 100).toLocaleString('en', { minimumFractionDigits: 2 })} euro`
}
