// Whether the service answers; every answer, and every call that got none, tells.
let isAway = false
const listeners = new Set<(isAway: boolean) => void>()

export function setAway(is: boolean) {
  if (is === isAway) return
  isAway = is
  for (const tell of listeners) tell(is)
}

export const readAway = () => isAway

export function onReachChange(listener: (isAway: boolean) => void) {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}
