import type { ObjectStatus } from '~/api/types'
import { Light } from '~/ui/Light'
import { objectColour } from './words'

export function ObjectLight({ object }: { object: ObjectStatus }) {
  return <Light colour={objectColour(object.word)} word={object.word} />
}
