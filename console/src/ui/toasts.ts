// Short messages about what was just done; any code may say one, the frame shows them.
export type Toast = { id: number; text: string; tone: 'good' | 'bad' }

let toasts: Toast[] = []
let next = 1
const listeners = new Set<() => void>()

function set(changed: Toast[]) {
  toasts = changed
  for (const tell of listeners) tell()
}

export function say(text: string, tone: Toast['tone'] = 'good') {
  const id = next++
  set([...toasts, { id, text, tone }])
  setTimeout(() => dismiss(id), tone === 'good' ? 6_000 : 12_000)
}

export function dismiss(id: number) {
  set(toasts.filter((toast) => toast.id !== id))
}

export const toastStore = {
  subscribe: (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  read: () => toasts,
}
