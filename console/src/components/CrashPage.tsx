import { useRouteError } from 'react-router'
import { paths } from '~/paths'
import { Blank } from '~/ui/Message'
import { LinkButton } from './LinkButton'
import { ProblemView } from './QueryView'

/** Where an error ends that no page caught. */
export function CrashPage() {
  const error = useRouteError()
  return (
    <main>
      <title>Error · Holdfast</title>
      <ProblemView error={error} retry={() => location.reload()} />
    </main>
  )
}

export function MissingPage() {
  return (
    <Blank title="There is no such page" actions={<LinkButton to={paths.orgs()}>All orgs</LinkButton>}>
      The address may be mistyped, or what it showed is gone.
    </Blank>
  )
}
