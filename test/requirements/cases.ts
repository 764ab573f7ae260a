/** The conformance cases. */
export const cases = `
C01 metadata, enabled and not
C02 notification endpoints that are refused
C03 clients that may not defer
C04 no endpoint, no ping
C05 the authorization response
C07 the end-user refuses
C08 odd states and nonces
C09 scopes in another order
C10 pushed requests
C11 what a pushed request needs beside it
C12 PKCE
C14 form_post and signed responses
C15 the exchange response
C16 alphabet and entropy of handles
C17 a code used again at once
C18 a code used again later
C19 a code past its lifetime
C20 another client's code
C21 neither, both or doubled parameters
C24 notification tokens of the wrong syntax
C25 the interim ID Token
C26 no client authentication
C27 assertions of another algorithm
C28 assertions that are expired or not for us
C29 audiences of assertions
C30 assertions that begin in the future
C31 assertions sent twice
C32 another client's certificate
C33 challenge after failed Basic authentication
C35 the first poll is free
C36 a poll every interval
C38 after slow_down
C39 intervals, default and configured
C40 unknown and foreign ids
C41 past expiry
C42 denied
C43 cancelled
C44 tokens
C45 after redemption
C46 error responses
C47 progress text is sanitised
C49 one last poll close to expiry
C50 length and alphabet of tokens
C51 refresh tokens are bound
C52 claims after a refresh
C53 one key throughout
C54 a proof at first, none later
C55 another key
C56 no proof at first, one later
C57 dpop_jkt of another key
C60 times within proofs
C61 a proof sent twice
C62 nonces of another node
C63 a key demanded, none shown
C65 what a ping looks like
C66 answers that count as delivered
C67 401 to a ping
C68 403 to a ping
C69 redirects of a ping
C70 what is pinged
C71 not before the exchange
C72 a poll from within
C73 a receiver that never answers
C74 cancelled
C75 cancelled again, or not one's own
C76 malformed cancellations
C77 form and JSON
C78 cancelled after redemption, or during it
`
