/** Now in seconds, as the host counts in tokens and Grants. */
export function epochTime(): number {
  return Math.floor(Date.now() / 1000)
}
