/** Now, in seconds since the epoch, as the host writes it to tokens and Grants. */
export function epochTime(): number {
  return Math.floor(Date.now() / 1000)
}
