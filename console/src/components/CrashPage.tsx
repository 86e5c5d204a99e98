import { useRouteError } from 'react-router'
import { paths } from '~/paths'
import { Blank } from '~/ui/Message'
import { LinkButton } from './LinkButton'
import { ProblemView } from './QueryView'

/** Where an error of a page ends, inside the frame. */
export function CrashedPage() {
  const error = useRouteError()
  return (
    <>
      <title>Error · Holdfast</title>
      <ProblemView error={error} retry={() => location.reload()} />
    </>
  )
}

/** Where an error ends that leaves no frame to stand in. */
export function CrashPage() {
  return (
    <main>
      <CrashedPage />
    </main>
  )
}

export function MissingPage() {
  return (
    <>
      <title>No such page · Holdfast</title>
      <Blank title="There is no such page" actions={<LinkButton to={paths.orgs()}>All orgs</LinkButton>}>
        The address may be mistyped, or what it showed is gone.
      </Blank>
    </>
  )
}
