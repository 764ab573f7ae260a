/** The host's CIBA request, with the plugin's members. Only requests of the plugin have them. */
export interface BackchannelRequest {
  readonly kind: string
  jti: string
  iat?: number
  clientId: string
  accountId: string
  scope?: string
  resource?: string | string[]
  claims?: object
  nonce?: string
  params: Record<string, unknown>
  expiresIn: number
  readonly expiration: number
  readonly remainingTTL: number
  grantId?: string
  acr?: unknown
  amr?: unknown
  authTime?: unknown
  rar?: unknown
  error?: string
  error_description?: string
  /** the deferral that this request belongs to */
  deferralId?: string
  deferralLeg?: 'reach_out' | 'hint'
  generateTokenId(): string
  save(): Promise<string>
}
