import type { Table } from '@tanstack/react-table'
import { Columns3 } from 'lucide-react'
import { Button } from '../Button'
import { Dialog } from '../Dialog'
import { Checkbox } from '../Field'
import styles from './Grid.module.css'

type Props<Row> = {
  table: Table<Row>
  isOpen: boolean
  setOpen: (isOpen: boolean) => void
  onReset: () => void
}

/** Shows and hides columns; it stands outside the columns, so hiding all of them can be undone. */
export function ColumnChooser<Row>({ table, isOpen, setOpen, onReset }: Props<Row>) {
  return (
    <>
      <Button look="plain" icon={<Columns3 size={15} aria-hidden />} onClick={() => setOpen(true)}>
        <span className={styles.chooserWord}>Columns</span>
      </Button>
      {isOpen && (
        <Dialog
          title="Choose columns"
          onClose={() => setOpen(false)}
          footer={
            <>
              <Button onClick={onReset}>Reset columns</Button>
              <Button look="primary" onClick={() => setOpen(false)}>
                Done
              </Button>
            </>
          }
        >
          <div className={styles.columns}>
            {table.getAllLeafColumns().map((column) => (
              <Checkbox
                key={column.id}
                label={String(column.columnDef.header)}
                checked={column.getIsVisible()}
                onChange={column.getToggleVisibilityHandler()}
              />
            ))}
          </div>
        </Dialog>
      )}
    </>
  )
}
