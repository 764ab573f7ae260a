/** Whether an authorization request opens an account. Every other request is a sign-in and needs no document. */
export function opensAccount({ response_type }: Record<string, unknown>): boolean {
  return String(response_type).split(' ').includes('deferred_code')
}

/** The steps of the interaction. */
export function stagesOf(params: Record<string, unknown>): string[] {
  return opensAccount(params) ? ['Sign in', 'Show a document', 'Confirm'] : ['Sign in', 'Confirm']
}
