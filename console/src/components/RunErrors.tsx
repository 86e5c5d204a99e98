import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery, whileRunning } from '~/api/queries'
import type { Run, RunError } from '~/api/types'
import { paths } from '~/paths'
import type { GridColumn } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { Moment } from '~/ui/Time'
import { NextStep, Told } from './NextStep'
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
      width: 320,
      grows: true,
      wraps: true,
      cell: ({ message }) => (
        <span title={message}>
          <Told>{message}</Told>
        </span>
      ),
    },
    {
      id: 'hint',
      title: 'What to do',
      width: 260,
      grows: true,
      wraps: true,
      cell: ({ hint, code }) => (
        <span title={hint}>
          <NextStep hint={hint} code={code} />
        </span>
      ),
    },
    { id: 'code', title: 'Code', width: 170, isHiddenAtFirst: true, cell: ({ code }) => <code>{code}</code> },
    { id: 'at', title: 'When', width: 190, cell: ({ at }) => <Moment at={at} /> },
  ]
}

export function RunErrors({ orgId, run }: { orgId: string; run: Run }) {
  const errors = useInfiniteQuery({
    ...listQuery('/api/v1/runs/{run_id}/errors', { run_id: run.id }, { limit: 200 }),
    refetchInterval: whileRunning(run),
  })
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
