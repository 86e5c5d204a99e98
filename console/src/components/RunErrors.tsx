import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { RunError } from '~/api/types'
import { paths } from '~/paths'
import type { GridColumn } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { Moment } from '~/ui/Time'
import { QueryGrid } from './QueryGrid'

function columns(orgId: string): GridColumn<RunError>[] {
  return [
    {
      id: 'object',
      title: 'Object',
      width: 180,
      cell: ({ object }) =>
        object === undefined ? 'the whole run' : <Link to={paths.object(orgId, object)}>{object}</Link>,
    },
    {
      id: 'message',
      title: 'What went wrong',
      width: 300,
      grows: true,
      cell: ({ message }) => <span title={message}>{message}</span>,
    },
    {
      id: 'hint',
      title: 'What to do',
      width: 260,
      grows: true,
      cell: ({ hint }) => <span title={hint}>{hint}</span>,
    },
    { id: 'code', title: 'Code', width: 170, cell: ({ code }) => <code>{code}</code> },
    { id: 'at', title: 'When', width: 175, cell: ({ at }) => <Moment at={at} /> },
  ]
}

export function RunErrors({ orgId, runId }: { orgId: string; runId: string }) {
  const errors = useInfiniteQuery(
    listQuery('/api/v1/runs/{run_id}/errors', { run_id: runId }, { limit: 200 }),
  )
  return (
    <QueryGrid
      name="run-errors"
      label="Errors of the run"
      columns={useMemo(() => columns(orgId), [orgId])}
      query={errors}
      rowId={({ object, code, message }) => `${object ?? ''} ${code} ${message}`}
      toolbar={<span className="soft">What could not be captured, and why.</span>}
      empty={<Blank title="No errors">Everything in scope was captured.</Blank>}
    />
  )
}
