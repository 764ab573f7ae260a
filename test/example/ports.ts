import type { Bank, Ports } from '../../example-app/start.js'

/** The ports of a bank, to start it again. */
export function portsOf({ origins }: Bank): Ports {
  const port = (origin: string) => Number(new URL(origin).port)
  return [
    port(origins.provider),
    port(origins.relyingParty),
    port(origins.desk),
    port(origins.confirmation),
    port(origins.partner),
    port(origins.notification),
  ]
}
