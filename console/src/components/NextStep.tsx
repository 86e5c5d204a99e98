import { Link, useParams } from 'react-router'
import { Said } from '~/ui/Said'
import { nextStep, told } from './hints'

/** What to do next: in words, as a link where the console has the place for it, and marked where it is a command. */
export function NextStep({ hint, code, hasLink = true }: { hint: string; code?: string; hasLink?: boolean }) {
  const { orgId } = useParams()
  const { words, forOperator, step } = nextStep(hint, code, orgId)
  return (
    <>
      <Said>{words}</Said>
      {step !== undefined && words !== '' && (hasLink ? '. ' : '')}
      {step !== undefined && hasLink && <Link to={step.to}>{step.name}</Link>}
      <ForOperator isApart={words !== ''}>{forOperator}</ForOperator>
    </>
  )
}

/** A message of the service; a command in it is marked as being for whoever runs the service. */
export function Told({ children }: { children: string }) {
  const { words, forOperator } = told(children)
  return (
    <>
      <Said>{words}</Said>
      <ForOperator isApart={words !== ''}>{forOperator}</ForOperator>
    </>
  )
}

function ForOperator({ children, isApart }: { children: string; isApart: boolean }) {
  if (children === '') return null
  return (
    <span className="soft">
      {isApart && ' · '}for whoever runs the service: <Said>{children}</Said>
    </span>
  )
}
