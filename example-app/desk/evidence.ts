import type { Deferral } from 'oidc-provider-deferred'

export interface EvidenceReference {
  reference: string
  kind: string
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** The evidence that the interaction put into the context: a reference, never the document. */
export function evidenceOf({ context }: Deferral): EvidenceReference | undefined {
  const evidence = member(context, 'evidence')
  const reference = member(evidence, 'reference')
  if (typeof reference !== 'string') return undefined
  return { reference, kind: String(member(evidence, 'kind') ?? 'Document') }
}
