import { Link } from 'react-router'
import type { FieldChange, RecordVersion } from '~/api/types'
import { paths } from '~/paths'
import { counted } from '~/ui/format'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import type { TableColumn } from '~/ui/Table'
import { Table } from '~/ui/Table'
import { Ago, Moment } from '~/ui/Time'
import { WholeValue } from './FieldChanges'
import { FilterSelect } from './FilterSelect'
import styles from './RecordVersions.module.css'
import { useUrl } from './useUrl'
import { changeTone } from './words'

/** The versions of a record, newest first. */
export function RecordVersions({ orgId, versions }: { orgId: string; versions: RecordVersion[] }) {
  const [field, setField] = useUrl('field')
  const fields = [
    ...new Set(versions.flatMap((version) => version.fields.map((change) => change.field))),
  ].sort()
  const shown = versions
    .map((version) =>
      field === undefined
        ? version
        : { ...version, fields: version.fields.filter((change) => change.field === field) },
    )
    .filter((version) => field === undefined || version.fields.length > 0)
    .reverse()
  return (
    <>
      <div>
        <FilterSelect
          label="Field"
          all="All fields"
          value={field}
          onChange={setField}
          choices={fields.map((name) => [name, name] as const)}
        />
      </div>
      {shown.length === 0 && <Blank title="No version changed this field" />}
      <ol className={styles.versions} aria-label="Versions">
        {shown.map((version) => (
          <li key={version.table_version} className={styles.version}>
            <Head orgId={orgId} version={version} isFirst={version === versions[0]} />
            <Body version={version} />
          </li>
        ))}
      </ol>
    </>
  )
}

function Head({ orgId, version }: { orgId: string; version: RecordVersion; isFirst: boolean }) {
  return (
    <div className={styles.head}>
      <Badge tone={changeTone(version.change)}>{version.change}</Badge>
      <strong>
        <Moment at={version.stamp ?? version.captured_at} />
      </strong>
      {version.modified_by !== undefined && <span>by {version.modified_by}</span>}
      <span className="soft">
        captured <Ago at={version.captured_at} /> in{' '}
        <Link to={paths.run(orgId, version.run_id)}>this run</Link>
      </span>
    </div>
  )
}

const pairs: TableColumn<FieldChange>[] = [
  { title: 'Field', cell: ({ field }) => field },
  {
    title: 'Before',
    wrap: true,
    cell: ({ field, old }) => <WholeValue field={field} value={old} kind="old" />,
  },
  {
    title: 'After',
    wrap: true,
    cell: ({ field, new: now }) => <WholeValue field={field} value={now} kind="now" />,
  },
]
const firstValues: TableColumn<FieldChange>[] = [
  { title: 'Field', cell: ({ field }) => field },
  { title: 'Value', wrap: true, cell: ({ field, new: now }) => <WholeValue field={field} value={now} /> },
]

function Body({ version: { change, fields } }: { version: RecordVersion }) {
  if (fields.length === 0)
    return change === 'deleted' ? null : <p className={styles.none}>No field changed.</p>
  if (change !== 'new')
    return <Table label="Fields changed" columns={pairs} rows={fields} rowId={({ field }) => field} />
  return (
    <details className={styles.first}>
      <summary>{counted(fields.length, 'field')} with a value</summary>
      <Table label="First values" columns={firstValues} rows={fields} rowId={({ field }) => field} />
    </details>
  )
}
