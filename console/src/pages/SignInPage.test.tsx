import { screen } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { me } from '../../mock/data'
import { at, problem } from '../../mock/handlers'
import { renderAt } from '../../mock/renderAt'
import { server } from '../../mock/test-setup'

async function fill(user: ReturnType<typeof renderAt>['user'], email: string, password: string) {
  await user.type(await screen.findByLabelText('E-mail address'), email)
  await user.type(screen.getByLabelText('Password'), password)
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
}

it('sends who is not signed in to sign in, and back to where they were going', async () => {
  server.use(http.get(at('/me'), () => problem(401, 'not_signed_in', 'nobody is signed in'), { once: true }))
  const { user, place } = renderAt('/orgs?sort=-name')
  await screen.findByRole('heading', { name: 'Sign in' })

  await fill(user, 'ada@acme.example', 'correct horse battery')

  expect(await screen.findByRole('heading', { name: 'Orgs' })).toBeVisible()
  expect(place()).toBe('/orgs?sort=-name')
})

it('says what was wrong with a sign-in, with its code', async () => {
  const { user } = renderAt('/sign-in')

  await fill(user, 'ada@acme.example', 'not it')

  const alert = await screen.findByRole('alert')
  expect(alert).toHaveTextContent('e-mail address or password is wrong')
  expect(alert).toHaveTextContent('sign_in_refused')
})

it('asks for the second factor, and shows a refused code at its field', async () => {
  const { user } = renderAt('/sign-in')
  await fill(user, 'bo@acme.example', 'correct horse battery')

  const code = await screen.findByLabelText('Code')
  await user.type(code, '000000')
  await user.click(screen.getByRole('button', { name: 'Continue' }))
  await screen.findByRole('alert')
  expect(code).toBeInvalid()

  await user.clear(code)
  await user.type(code, ' 123456')
  await user.click(screen.getByRole('button', { name: 'Continue' }))
  expect(await screen.findByRole('heading', { name: 'Orgs' })).toBeVisible()
})

it('offers single sign-on and keeps the way back', async () => {
  renderAt('/sign-in?return_to=%2Forgs%2F00D1')

  const link = await screen.findByRole('link', { name: 'Sign in with Acme' })
  expect(link).toHaveAttribute('href', '/api/v1/single_sign_on/start?return_to=%2Forgs%2F00D1')
})

it('tells who comes first where the owner is made', async () => {
  server.use(http.get(at('/sign_in_options'), () => HttpResponse.json({ needs_first_owner: true })))
  renderAt('/sign-in')

  expect(await screen.findByText(/Open the link that the service printed/)).toBeVisible()
})

it('makes the first owner with the token of the link', async () => {
  let asked: unknown
  server.use(
    http.get(at('/sign_in_options'), () => HttpResponse.json({ needs_first_owner: true })),
    http.post(at('/first_owner'), async ({ request }) => {
      asked = await request.json()
      expect(request.headers.get('X-Holdfast-Request')).toBe('1')
      return HttpResponse.json(me, { status: 201 })
    }),
  )
  const { user } = renderAt('/first-start#t0ken')
  await user.type(await screen.findByLabelText('Your name'), 'Ada Winter')
  await user.type(screen.getByLabelText('E-mail address'), 'ada@acme.example')
  await user.type(screen.getByLabelText('Password'), 'correct horse battery')
  await user.click(screen.getByRole('button', { name: 'Create the owner' }))

  expect(await screen.findByRole('heading', { name: 'Orgs' })).toBeVisible()
  expect(asked).toEqual({
    token: 't0ken',
    name: 'Ada Winter',
    email: 'ada@acme.example',
    password: 'correct horse battery',
  })
})
