import { useState } from 'react'
import { client } from '~/api/client'
import { allRights, rightMeanings, rightNames } from '~/api/rights'
import type { Scope } from '~/api/types'
import { useAct } from '~/components/useAct'
import { Checkbox, SelectField, TextField } from '~/ui/Field'
import { Form } from './Form'
import { useFields } from './useFields'

const scopes: { scope: Scope; label: string; hint: string }[] = [
  ...allRights.map((right) => ({ scope: right, label: rightNames[right], hint: rightMeanings[right] })),
  { scope: 'team', label: 'Team', hint: 'What owners do: connect orgs, manage members, read the audit log' },
]

const day = 86_400_000

type NewToken = { name: string; scopes: Scope[]; expires_at?: string; org_ids?: string[] }

export function TokenForm({
  orgs,
  onDone,
}: {
  orgs: { id: string; name: string }[]
  onDone: (secret: string) => void
}) {
  const [chosen, setChosen] = useState<ReadonlySet<Scope>>(new Set(['view']))
  const create = useAct({
    act: (body: NewToken) => client.POST('/api/v1/me/tokens', { body }),
    changes: ['/api/v1/me/tokens'],
    isShownByForm: true,
    onDone: ({ secret }) => onDone(secret),
  })
  const { values, bind } = useFields({ name: '', days: '90', org_ids: '' }, create.error)
  return (
    <Form
      action="Make the token"
      isBusy={create.isPending}
      problem={create.error}
      disabledReason={chosen.size === 0 ? 'Choose what the token may do' : undefined}
      onSubmit={() =>
        create.mutate({
          name: values.name.trim(),
          scopes: [...chosen],
          ...(values.days === ''
            ? {}
            : { expires_at: new Date(Date.now() + Number(values.days) * day).toISOString() }),
          ...(values.org_ids === '' ? {} : { org_ids: [values.org_ids] }),
        })
      }
    >
      <TextField
        label="Name"
        required
        maxLength={80}
        autoComplete="off"
        hint="What uses it, such as nightly-report."
        {...bind('name')}
      />
      <fieldset className="stack-tight">
        <legend>What it may do (never more than you may)</legend>
        {scopes.map(({ scope, label, hint }) => (
          <Checkbox
            key={scope}
            label={label}
            hint={hint}
            checked={chosen.has(scope)}
            onChange={() => setChosen(toggled(chosen, scope))}
          />
        ))}
      </fieldset>
      <SelectField label="On which orgs" {...bind('org_ids')}>
        <option value="">All that I have rights on</option>
        {orgs.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <SelectField label="Ends after" {...bind('days')}>
        <option value="7">7 days</option>
        <option value="30">30 days</option>
        <option value="90">90 days</option>
        <option value="365">a year</option>
        <option value="">never</option>
      </SelectField>
    </Form>
  )
}

function toggled<Item>(set: ReadonlySet<Item>, item: Item): Set<Item> {
  const next = new Set(set)
  if (!next.delete(item)) next.add(item)
  return next
}
