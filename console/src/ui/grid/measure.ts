const padding = 26
const menuWidth = 30

/** How wide a column must be for what it shows now: its title and the rows in view. */
export function naturalWidth(scroller: HTMLElement | null, columnId: string): number {
  const cells = scroller?.querySelectorAll<HTMLElement>(`[data-column="${CSS.escape(columnId)}"]`) ?? []
  let widest = 0
  for (const cell of cells) {
    // What wraps is as wide as its one line would be.
    Object.assign(cell.style, { display: 'block', whiteSpace: 'nowrap' })
    const range = document.createRange()
    range.selectNodeContents(cell)
    const isHead = cell.dataset['head'] === 'true'
    widest = Math.max(widest, range.getBoundingClientRect().width + (isHead ? menuWidth : 0))
    Object.assign(cell.style, { display: '', whiteSpace: '' })
  }
  return Math.ceil(widest + padding)
}
