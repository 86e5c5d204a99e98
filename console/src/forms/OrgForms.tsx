import { client } from '~/api/client'
import { noRight } from '~/api/rights'
import type { Org } from '~/api/types'
import { CommandLine } from '~/components/CommandLine'
import { useAct } from '~/components/useAct'
import { TextField } from '~/ui/Field'
import { cliName } from './cliName'
import { Form } from './Form'
import { OrgNameField } from './OrgNameField'
import { useFields } from './useFields'

const changes = ['/api/v1/orgs', '/api/v1/orgs/{org_id}', '/api/v1/orgs/{org_id}/api_use']

function useChangeOrg(org: Org, done: string) {
  return useAct({
    act: (body: { name?: string; api_budget_percent?: number; files_budget_percent?: number }) =>
      client.PATCH('/api/v1/orgs/{org_id}', { params: { path: { org_id: org.id } }, body }),
    changes,
    done,
    isShownByForm: true,
  })
}

export function RenameOrgForm({ org }: { org: Org }) {
  const rename = useChangeOrg(org, 'Name changed')
  const { values, bind } = useFields({ name: org.name }, rename.error)
  return (
    <Form
      action="Rename"
      look="normal"
      isBusy={rename.isPending}
      problem={rename.error}
      disabledReason={noRight(org, 'edit')}
      onSubmit={() => rename.mutate({ name: values.name.trim() })}
    >
      <OrgNameField {...bind('name')} />
    </Form>
  )
}

export function BudgetForm({ org }: { org: Org }) {
  const save = useChangeOrg(org, 'API budget changed')
  const { values, bind } = useFields(
    {
      api_budget_percent: String(org.api_budget_percent),
      files_budget_percent: String(org.files_budget_percent),
    },
    save.error,
  )
  return (
    <Form
      action="Save"
      look="normal"
      isBusy={save.isPending}
      problem={save.error}
      disabledReason={noRight(org, 'edit')}
      onSubmit={() =>
        save.mutate({
          api_budget_percent: Number(values.api_budget_percent),
          files_budget_percent: Number(values.files_budget_percent),
        })
      }
    >
      <TextField
        label="Daily API call usage limit (%)"
        type="number"
        required
        min={1}
        max={100}
        hint={
          'Salesforce gives each org one daily limit of API calls, shared by everything that connects to it; when it is ' +
          `reached, all API traffic stops until it resets. At ${values.api_budget_percent || '…'} % Holdfast stops reading, so that ` +
          `at least ${Math.max(0, 100 - Number(values.api_budget_percent || 0))} % stays free for others.`
        }
        {...bind('api_budget_percent')}
      />
      <TextField
        label="Of it, for file bodies (%)"
        type="number"
        required
        min={1}
        max={100}
        hint="Each file body is one call. Those that this share leaves over come with later runs; records do not wait for them."
        {...bind('files_budget_percent')}
      />
      <CommandLine
        command={`holdfast org set ${cliName(org.name)} --api-budget ${values.api_budget_percent} --files-budget ${values.files_budget_percent}`}
      />
    </Form>
  )
}
