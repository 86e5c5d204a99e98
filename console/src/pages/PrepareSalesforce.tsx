import { Panel } from '~/ui/Panel'
import styles from './PrepareSalesforce.module.css'

/** What an admin does in Salesforce first. */
export function PrepareSalesforce() {
  return (
    <Panel title="In Salesforce, beforehand">
      <ol className={styles.steps}>
        <li>
          <strong>An integration user.</strong> A user of its own, with a permission set that grants{' '}
          <em>API Enabled</em>, <em>View All Data</em> and <em>Query All Files</em>. What this user may see is
          what is backed up; to leave an object out, take away its Read permission.
        </li>
        <li>
          <strong>A connected app,</strong> or an external client app, of your own: OAuth enabled, with the
          scopes
          <em> api</em> and <em>refresh_token</em>. Its refresh tokens should be good until they are revoked.
        </li>
      </ol>
    </Panel>
  )
}
