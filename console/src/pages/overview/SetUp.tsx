import { useQuery } from '@tanstack/react-query'
import { Check, Minus, X } from 'lucide-react'
import { Link } from 'react-router'
import { autoBackupQuery, coverageQuery, integrationUserQuery } from '~/api/queries'
import type { Org } from '~/api/types'
import { AutoSwitch } from '~/components/AutoSwitch'
import { QueryView } from '~/components/QueryView'
import { paths } from '~/paths'
import { count } from '~/ui/format'
import { Details, Facts, Panel } from '~/ui/Panel'
import styles from './SetUp.module.css'

/** Before the switch is on: who Holdfast is in this org, what it will see, and the switch. */
export function SetUp({ org }: { org: Org }) {
  const auto = useQuery(autoBackupQuery(org.id))
  return (
    <>
      <Panel title="Back up everything, from now on">
        <div className={styles.go}>
          <p>
            One switch: every object, record and file that the integration user may see is captured, oldest
            first, and then whatever changes, without end. Nothing has to be selected or scheduled.
          </p>
          {auto.data !== undefined && <AutoSwitch org={org} backup={auto.data} />}
        </div>
      </Panel>
      <div className={styles.columns}>
        <WhoWeAre org={org} />
        <WhatWeSee org={org} />
      </div>
    </>
  )
}

export function WhoWeAre({ org }: { org: Org }) {
  const user = useQuery(integrationUserQuery(org.id))
  return (
    <Panel title="The integration user">
      <QueryView query={user} lines={4}>
        {(found) => (
          <Details
            facts={[
              { name: 'Name', value: found.name },
              { name: 'Username', value: found.username },
              { name: 'Profile', value: found.profile ?? '—' },
              { name: 'E-mail', value: found.email ?? '—' },
              { name: 'Time zone', value: found.time_zone ?? '—' },
              {
                name: 'Org',
                value: `${org.organization_type ?? 'Salesforce'}${org.is_sandbox ? ' (sandbox)' : ''}, ${org.id}`,
              },
              { name: 'Address', value: org.instance_url },
            ]}
          />
        )}
      </QueryView>
    </Panel>
  )
}

function WhatWeSee({ org }: { org: Org }) {
  const coverage = useQuery(coverageQuery(org.id))
  return (
    <Panel title="What it can see" actions={<Link to={paths.coverage(org.id)}>Coverage report</Link>}>
      <QueryView
        query={coverage}
        lines={6}
        waiting="Each object of the org is asked for, which may take a minute."
      >
        {(report) => (
          <div className="stack">
            <Facts
              facts={[
                { name: 'Objects to capture', value: count(report.objects_visible) },
                {
                  name: 'Objects it may not see',
                  value: report.objects_hidden === undefined ? 'unknown' : count(report.objects_hidden),
                },
                { name: 'Not queryable', value: count(report.objects_not_queryable) },
                {
                  name: 'Fields it may not see',
                  value: report.fields_hidden === undefined ? 'unknown' : count(report.fields_hidden),
                },
              ]}
            />
            <ul className={styles.permissions}>
              {report.permissions.map(({ name, is_granted, is_for_restore, matters_because }) => (
                <li key={name} className={styles.permission}>
                  {is_granted === true && <Check size={15} aria-label="granted" className={styles.granted} />}
                  {is_granted === false &&
                    (is_for_restore ? (
                      <Minus size={15} aria-label="missing, for restore only" className={styles.unneeded} />
                    ) : (
                      <X size={15} aria-label="missing" className={styles.missing} />
                    ))}
                  {is_granted === undefined && <span>?</span>}
                  <span>
                    <strong>{name}</strong>
                    <span className="soft">
                      {is_granted === false && ' is missing'}: without it, {matters_because}
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          </div>
        )}
      </QueryView>
    </Panel>
  )
}
