import { SelectField, TextField } from '~/ui/Field'

export type LoginPlace = 'production' | 'sandbox' | 'my_domain'

const known = { production: 'https://login.salesforce.com', sandbox: 'https://test.salesforce.com' }

/** What was kept may be of another version. */
export const placeOf = (text: string): LoginPlace =>
  text === 'sandbox' || text === 'my_domain' ? text : 'production'

export function loginUrlOf(place: LoginPlace, domain: string): string {
  if (place !== 'my_domain') return known[place]
  const typed = domain.trim().replace(/\/+$/, '')
  return /^https?:\/\//.test(typed) ? typed : `https://${typed}`
}

type Bound = {
  name: string
  value: string
  error: string | undefined
  onChange: (event: { target: { value: string } }) => void
}

/** Where the org signs its users in. */
export function LoginUrlFields({
  place,
  setPlace,
  domain,
}: {
  place: LoginPlace
  setPlace: (place: LoginPlace) => void
  domain: Bound
}) {
  return (
    <>
      <SelectField
        label="Which org is it?"
        value={place}
        onChange={(event) => setPlace(event.target.value as LoginPlace)}
        hint={place === 'my_domain' ? undefined : `Holdfast signs in at ${known[place]}`}
      >
        <option value="production">Production or Developer Edition</option>
        <option value="sandbox">Sandbox</option>
        <option value="my_domain">My Domain or another address</option>
      </SelectField>
      {place === 'my_domain' && (
        <TextField
          label="My Domain"
          required
          inputMode="url"
          spellCheck={false}
          placeholder="https://acme.my.salesforce.com"
          {...domain}
        />
      )}
    </>
  )
}
