// How one object stands: one light, one word and one set of words for it, whatever page shows them.
import type { ObjectStatus } from '~/api/types'
import { counted } from '~/ui/format'

export type Trouble = { message: string; hint?: string; code?: string }

/** What keeps an object from being captured, or makes it fail, as the service says it. */
export function troubleOf({ word, stopped_reason, failure }: ObjectStatus): Trouble | undefined {
  if (word !== 'stopped' || stopped_reason === undefined) return failure
  // A failure of the whole org may stand there too, and is not why this object stopped.
  return { message: stopped_reason, ...(failure === undefined ? {} : ofObject(failure)) }
}

const reasons = new Set(['permission_missing', 'object_not_capturable'])

const ofObject = ({ code, hint }: { code: string; hint: string }) => (reasons.has(code) ? { code, hint } : {})

/** What is missing of an object that is captured. */
export function goneFields({ gone_fields: gone = [] }: ObjectStatus): string | undefined {
  if (gone.length === 0) return undefined
  return `the integration user no longer sees ${counted(gone.length, 'field')}: ${gone.join(', ')}`
}
