/** The rules refuse this endpoint. */
export class EgressDenied extends Error {}
