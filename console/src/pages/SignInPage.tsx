import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { meQuery, signInOptionsQuery } from '~/api/queries'
import type { Me } from '~/api/types'
import { EntryLayout } from '~/components/EntryLayout'
import { QueryView } from '~/components/QueryView'
import type { Refusals } from '~/components/refusals'
import { refusalOf } from '~/components/refusals'
import { SecondFactorForm, SignInForm } from '~/forms/SignInForm'
import { safeReturn } from '~/paths'
import { buttonClass } from '~/ui/Button'
import { Notice } from '~/ui/Message'
import styles from './SignInPage.module.css'

const refusals: Refusals = {
  sign_in_refused:
    'The identity provider did not vouch for you, or nobody here has invited you. Ask an owner of the team.',
  identity_provider_failed:
    'The identity provider could not be reached. An owner of the team should look at its settings.',
  link_expired: 'The sign-in took too long, or was begun in another browser. Begin it again.',
  too_many_requests: 'Too many sign-ins were begun from your address. Wait a minute.',
  state_forbids: 'Single sign-on is not set up. Sign in with your password.',
}
const otherwise = 'Try again, or ask an owner of the team.'

export default function SignInPage() {
  const [search] = useSearchParams()
  const [isSecondStep, setSecondStep] = useState(false)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const options = useQuery(signInOptionsQuery())
  const returnTo = safeReturn(search.get('return_to'))
  const code = search.get('error')
  const error = code === null ? null : refusalOf(refusals, code, otherwise)

  const enter = (me: Me | undefined) => {
    queries.clear()
    if (me !== undefined) queries.setQueryData(meQuery().queryKey, me)
    void navigate(returnTo, { replace: true })
  }

  if (isSecondStep) {
    return (
      <EntryLayout title="One more step" lead="Your account is protected by an authenticator.">
        <SecondFactorForm onDone={enter} />
      </EntryLayout>
    )
  }
  return (
    <EntryLayout title="Sign in">
      {error !== null && (
        <Notice tone="bad" title="Single sign-on did not work">
          {error.words} <span className="mono soft">{error.code}</span>
        </Notice>
      )}
      <QueryView query={options} lines={4}>
        {({ needs_first_owner, single_sign_on }) => (
          <>
            {needs_first_owner && (
              <Notice tone="warn" title="Nobody has an account here yet">
                Open the link that the service printed when it started; it makes the first owner.
              </Notice>
            )}
            {single_sign_on !== undefined && (
              <>
                <a
                  className={`${buttonClass()} ${styles.wide}`}
                  href={`${single_sign_on.start_url}?return_to=${encodeURIComponent(returnTo)}`}
                >
                  {single_sign_on.label}
                </a>
                <div className={styles.or}>or with a password</div>
              </>
            )}
            <SignInForm onDone={enter} onSecondFactor={() => setSecondStep(true)} />
          </>
        )}
      </QueryView>
    </EntryLayout>
  )
}
