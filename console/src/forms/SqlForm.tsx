import { Download, Play } from 'lucide-react'
import { useRef, useState } from 'react'
import { client } from '~/api/client'
import { noRight } from '~/api/rights'
import type { Org } from '~/api/types'
import { CommandLine } from '~/components/CommandLine'
import { useAct } from '~/components/useAct'
import { Button } from '~/ui/Button'
import { TextArea, TextField } from '~/ui/Field'
import { Panel } from '~/ui/Panel'
import { cliName } from './cliName'
import { saveAs } from './saveAs'
import styles from './SqlForm.module.css'

type Asked = { sql: string; as_of: string }
type Props = { org: Org; initial: Asked; isBusy: boolean; onRun: (asked: Asked) => void }

const example = 'SELECT Name, Industry, CreatedDate\nFROM Account\nORDER BY CreatedDate DESC'

export function SqlForm({ org, initial, isBusy, onRun }: Props) {
  const [asked, setAsked] = useState(initial)
  const form = useRef<HTMLFormElement>(null)
  const sql = asked.sql.trim()
  const download = useAct({
    act: async () => {
      const body = { sql, ...(asked.as_of === '' ? {} : { as_of: asked.as_of }) }
      const { data } = await client.POST('/api/v1/orgs/{org_id}/query_exports', {
        params: { path: { org_id: org.id } },
        body,
        parseAs: 'blob',
      })
      if (data !== undefined) saveAs(data, `${org.name}.csv`)
      return {}
    },
  })
  const nothing = sql === '' ? 'Write a query first' : undefined
  return (
    <Panel title="Query">
      <form
        ref={form}
        className="stack-tight"
        onSubmit={(event) => {
          event.preventDefault()
          if (nothing === undefined && !isBusy) onRun({ sql, as_of: asked.as_of.trim() })
        }}
      >
        <TextArea
          label="SQL"
          labelHidden
          rows={8}
          spellCheck={false}
          placeholder={example}
          value={asked.sql}
          onChange={(event) => setAsked({ ...asked, sql: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit()
          }}
          hint="Ctrl+Enter runs it. Each object is a table, typed by the describe of that moment."
        />
        <div className={styles.foot}>
          <TextField
            label="As of"
            placeholder="now"
            hint="A date, a time, or the id of a run."
            value={asked.as_of}
            onChange={(event) => setAsked({ ...asked, as_of: event.target.value })}
          />
          <div className="line">
            <Button
              icon={<Download size={14} aria-hidden />}
              busy={download.isPending}
              disabledReason={noRight(org, 'download') ?? nothing}
              onClick={() => download.mutate()}
            >
              Download as CSV
            </Button>
            <Button
              type="submit"
              look="primary"
              icon={<Play size={14} aria-hidden />}
              busy={isBusy}
              disabledReason={nothing}
            >
              Run
            </Button>
          </div>
        </div>
        <CommandLine
          command={`holdfast query ${cliName(org.name)} ${cliName(sql || 'SELECT …')}${asked.as_of === '' ? '' : ` --as-of ${cliName(asked.as_of)}`}`}
        />
      </form>
    </Panel>
  )
}
