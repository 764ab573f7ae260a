export const hello = 'x'
