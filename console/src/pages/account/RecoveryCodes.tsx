import { Button } from '~/ui/Button'
import { Copy } from '~/ui/Copy'
import { Panel } from '~/ui/Panel'
import styles from './RecoveryCodes.module.css'

export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <Panel title="Your recovery codes">
      <div className="stack">
        <p>
          Keep them where you would look if your phone were lost. Each works once; they are not shown again.
        </p>
        <ul className={styles.codes}>
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ul>
        <Copy label="recovery codes" value={codes.join(' ')} />
        <div>
          <Button look="primary" onClick={onDone}>
            I have kept them
          </Button>
        </div>
      </div>
    </Panel>
  )
}
