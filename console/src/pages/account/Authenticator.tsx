import { useState } from 'react'
import { client } from '~/api/client'
import type { Me } from '~/api/types'
import { Form } from '~/forms/Form'
import type { Proof } from '~/forms/ProofForm'
import { ProofForm } from '~/forms/ProofForm'
import { useFields } from '~/forms/useFields'
import { Copy } from '~/ui/Copy'
import { TextField } from '~/ui/Field'
import { Notice } from '~/ui/Message'
import { Panel } from '~/ui/Panel'
import { QrCode } from '~/ui/QrCode'
import { RecoveryCodes } from './RecoveryCodes'
import { useAct } from '~/components/useAct'

type SetUp = { secret: string; otpauth_url: string }

/** The second factor of signing in with a password. */
export function Authenticator({ me }: { me: Me }) {
  const [setUp, setSetUp] = useState<SetUp>()
  const [codes, setCodes] = useState<string[]>()
  if (codes !== undefined) return <RecoveryCodes codes={codes} onDone={() => setCodes(undefined)} />
  if (setUp !== undefined) {
    return (
      <ConfirmSetUp
        setUp={setUp}
        onDone={(made) => {
          setSetUp(undefined)
          setCodes(made)
        }}
      />
    )
  }
  return me.has_totp ? <Present me={me} onCodes={setCodes} /> : <Absent me={me} onBegun={setSetUp} />
}

function Absent({ me, onBegun }: { me: Me; onBegun: (setUp: SetUp) => void }) {
  const begin = useAct({
    act: (body: Proof) => client.POST('/api/v1/me/totp', { body }),
    isShownByForm: true,
    onDone: onBegun,
  })
  return (
    <Panel title="Authenticator">
      <div className="stack">
        <p>
          An app on your phone shows a new code every 30 seconds; signing in then needs password and code.
        </p>
        <ProofForm
          hasPassword={me.has_password}
          action="Set up an authenticator"
          isBusy={begin.isPending}
          problem={begin.error}
          onProof={begin.mutate}
        />
      </div>
    </Panel>
  )
}

function ConfirmSetUp({ setUp, onDone }: { setUp: SetUp; onDone: (codes: string[]) => void }) {
  const confirm = useAct({
    act: (body: { code: string }) => client.PUT('/api/v1/me/totp', { body }),
    changes: ['/api/v1/me'],
    isShownByForm: true,
    onDone: ({ codes }) => onDone(codes),
  })
  const { values, bind } = useFields({ code: '' }, confirm.error)
  return (
    <Panel title="Set up the authenticator">
      <div className="stack">
        <p>
          Read this picture with the app, or type the key into it. Then enter the code that the app shows.
        </p>
        <QrCode label="Key for the authenticator app" text={setUp.otpauth_url} />
        <Copy label="key" value={setUp.secret} />
        <Form
          action="Confirm"
          isBusy={confirm.isPending}
          problem={confirm.error}
          onSubmit={() => confirm.mutate({ code: values.code.trim() })}
        >
          <TextField
            label="Code"
            required
            inputMode="numeric"
            autoComplete="one-time-code"
            {...bind('code')}
          />
        </Form>
      </div>
    </Panel>
  )
}

function Present({ me, onCodes }: { me: Me; onCodes: (codes: string[]) => void }) {
  const renew = useAct({
    act: (body: Proof) => client.POST('/api/v1/me/recovery_codes', { body }),
    changes: ['/api/v1/me'],
    isShownByForm: true,
    onDone: ({ codes }) => onCodes(codes),
  })
  const remove = useAct({
    act: (body: Proof) => client.DELETE('/api/v1/me/totp', { body }),
    changes: ['/api/v1/me'],
    done: 'The authenticator is removed',
    isShownByForm: true,
  })
  return (
    <>
      {me.recovery_codes_left < 3 && (
        <Notice tone="warn" title={`Only ${me.recovery_codes_left} recovery codes are left`} />
      )}
      <Panel title="Authenticator is set up">
        <p>{me.recovery_codes_left} recovery codes are left for the day on which the phone is lost.</p>
      </Panel>
      <Panel title="New recovery codes">
        <ProofForm
          hasPassword={me.has_password}
          action="Make new codes"
          isBusy={renew.isPending}
          problem={renew.error}
          onProof={renew.mutate}
        />
      </Panel>
      <Panel title="Remove the authenticator">
        <ProofForm
          hasPassword={me.has_password}
          action="Remove"
          isBusy={remove.isPending}
          problem={remove.error}
          onProof={remove.mutate}
        />
      </Panel>
    </>
  )
}
