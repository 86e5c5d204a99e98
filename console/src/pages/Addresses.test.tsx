// What somebody else may have written into an address, and what is kept over a visit elsewhere.
import { screen } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { me, orgs } from '../../mock/data'
import { at, problem } from '../../mock/handlers'
import { renderAt } from '../../mock/renderAt'
import { server } from '../../mock/test-setup'
import type { Org } from '../api/types'

const lure = encodeURIComponent('Your licence has ended. Call 555-0100')

it('has its own words for a refusal that it knows, and never those of the address', async () => {
  renderAt(`/orgs/connect?error=needs_reauthorisation&message=${lure}`)

  expect(await screen.findByText(/Access was denied on Salesforce’s page/)).toBeVisible()
  expect(screen.queryByText(/555-0100/)).not.toBeInTheDocument()
})

it.each(['/orgs/connect', '/sign-in'])(
  'shows at %s only a short code of a refusal unknown to it',
  async (path) => {
    renderAt(`${path}?error=${lure}${'x'.repeat(90)}&message=${lure}`)

    expect(await screen.findByRole('alert')).toHaveTextContent(/Try again/)
    expect(screen.queryByText(/Call 555/)).not.toBeInTheDocument()
    const code = screen.getByText(/^Yourlicence/).textContent
    expect(code).toHaveLength(40)
  },
)

it('takes no name of the language for a code', async () => {
  renderAt('/orgs/connect?error=constructor')

  expect(await screen.findByText(/The sign-in did not come to its end/)).toBeVisible()
})

it('keeps what was typed, but for secrets, until the org is connected', async () => {
  const first = renderAt('/orgs/connect')
  await first.user.type(await screen.findByLabelText('Name in Holdfast'), 'acme')
  await first.user.selectOptions(screen.getByLabelText('Which org is it?'), 'Sandbox')
  await first.user.type(screen.getByLabelText('Consumer key of your connected app'), '3MVG9')
  await first.user.type(screen.getByLabelText(/Consumer secret/), 'hush')
  first.unmount()

  const back = renderAt('/orgs/connect?error=needs_reauthorisation')
  expect(await screen.findByLabelText('Name in Holdfast')).toHaveValue('acme')
  expect(screen.getByLabelText('Which org is it?')).toHaveValue('sandbox')
  expect(screen.getByLabelText('Consumer key of your connected app')).toHaveValue('3MVG9')
  expect(screen.getByLabelText(/Consumer secret/)).toHaveValue('')
  expect(JSON.stringify(sessionStorage)).not.toContain('hush')
  back.unmount()

  const connected = renderAt(`/orgs/${(orgs[2] as Org).id}?connected=1`)
  await screen.findByText('Connected')
  connected.unmount()

  renderAt('/orgs/connect')
  expect(await screen.findByLabelText('Name in Holdfast')).toHaveValue('')
})

it('leads from nested ways back to where somebody was going', async () => {
  const { user, place } = renderAt(`/sign-in?return_to=${encodeURIComponent('/sign-in?return_to=%2Faudit')}`)
  await user.type(await screen.findByLabelText('E-mail address'), 'ada@acme.example')
  await user.type(screen.getByLabelText('Password'), 'correct horse battery')
  await user.click(screen.getByRole('button', { name: 'Sign in' }))

  expect(await screen.findByRole('heading', { name: 'Audit log' })).toBeVisible()
  expect(place()).toBe('/audit')
})

it('says of a used link of the first start at once that it was used', async () => {
  renderAt('/first-start#t0ken')

  expect(await screen.findByRole('heading', { name: 'Holdfast has its owner' })).toBeVisible()
  expect(screen.queryByLabelText('Your name')).not.toBeInTheDocument()
})

it('says of a wrong link of the first start what to do, once it is tried', async () => {
  server.use(
    http.get(at('/sign_in_options'), () => HttpResponse.json({ needs_first_owner: true })),
    http.get(at('/me'), () => HttpResponse.json(me)),
    http.post(at('/first_owner'), () =>
      problem(404, 'link_expired', 'this link is unknown, was used, or has expired', {
        hint: 'ask for a new link; the one of the first start is printed again when `holdfast serve` starts',
      }),
    ),
  )
  const { user } = renderAt('/first-start#wr0ng')
  await user.type(await screen.findByLabelText('Your name'), 'Ada Winter')
  await user.type(screen.getByLabelText('E-mail address'), 'ada@acme.example')
  await user.type(screen.getByLabelText('Password'), 'correct horse battery')
  await user.click(screen.getByRole('button', { name: 'Create the owner' }))

  const alert = await screen.findByRole('alert')
  expect(alert).toHaveTextContent(
    'ask for a new link · for whoever runs the service: the one of the first start',
  )
})
