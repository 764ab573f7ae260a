declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  const instance: unknown
  export default instance
}
