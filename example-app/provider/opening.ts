/** Whether an authorization request opens an account; any other is a plain sign-in and needs no document. */
export function opensAccount({ response_type }: Record<string, unknown>): boolean {
  return String(response_type).split(' ').includes('deferred_code')
}

/** The steps of a customer on the way. */
export function stagesOf(params: Record<string, unknown>): string[] {
  return opensAccount(params) ? ['Sign in', 'Show a document', 'Confirm'] : ['Sign in', 'Confirm']
}
