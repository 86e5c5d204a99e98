import { useState } from 'react'
import { client } from '~/api/client'
import { noRight } from '~/api/rights'
import type { Org } from '~/api/types'
import { CommandLine } from '~/components/CommandLine'
import { useAct } from '~/components/useAct'
import { workPath, WorkItems } from '~/components/WorkItems'
import { Button } from '~/ui/Button'
import { Checkbox } from '~/ui/Field'
import { Panel } from '~/ui/Panel'
import { cliName } from './cliName'

/** Proves that what was captured of an org is whole, and keeps it small. */
export function Upkeep({ org }: { org: Org }) {
  return (
    <>
      <Check org={org} />
      <Compact org={org} />
      <WorkItems org={org} />
    </>
  )
}

function Check({ org }: { org: Org }) {
  const [readsData, setReadsData] = useState(false)
  const start = useAct({
    act: () =>
      client.POST('/api/v1/orgs/{org_id}/checks', {
        params: { path: { org_id: org.id } },
        body: { read_data: readsData },
      }),
    changes: [workPath],
    done: ({ state }) =>
      state === 'running'
        ? 'A check of this org is under way already'
        : 'The check waits for its turn; it goes on when you leave this page',
  })
  return (
    <Panel title="Check">
      <div className="stack-tight">
        <p>
          Proves that everything that was captured of this org is there and whole: manifests, tables, file
          bodies and describes.
        </p>
        <Checkbox
          label="Read every byte"
          hint="Re-hashes all data and file bodies, not only what lists them; takes long"
          checked={readsData}
          onChange={() => setReadsData(!readsData)}
        />
        <div className="line">
          <Button
            busy={start.isPending}
            disabledReason={noRight(org, 'execute')}
            onClick={() => start.mutate()}
          >
            Check now
          </Button>
        </div>
        <CommandLine command={`holdfast check ${cliName(org.name)}${readsData ? ' --read-data' : ''}`} />
      </div>
    </Panel>
  )
}

function Compact({ org }: { org: Org }) {
  const start = useAct({
    act: () => client.POST('/api/v1/orgs/{org_id}/compactions', { params: { path: { org_id: org.id } } }),
    changes: [workPath],
    done: ({ state }) =>
      state === 'running'
        ? 'A compaction of this org is under way already'
        : 'The compaction waits for its turn; it goes on when you leave this page',
  })
  return (
    <Panel title="Compact">
      <div className="stack-tight">
        <div className="line spread">
          <p>Merges small files of this org into larger ones. No version is lost.</p>
          <Button
            busy={start.isPending}
            disabledReason={noRight(org, 'execute')}
            onClick={() => start.mutate()}
          >
            Compact now
          </Button>
        </div>
        <CommandLine command={`holdfast compact ${cliName(org.name)}`} />
      </div>
    </Panel>
  )
}
