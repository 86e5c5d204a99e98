import { render, screen } from '@testing-library/react'
import { Said } from './Said'

it('sets names in backticks as code, and leaves a lone backtick alone', () => {
  render(
    <>
      <p>
        <Said>table `Account` has no field `Nmae`</Said>
      </p>
      <p>
        <Said>the password ends with `</Said>
      </p>
    </>,
  )

  expect(screen.getAllByText(/^(Account|Nmae)$/).map(({ tagName }) => tagName)).toEqual(['CODE', 'CODE'])
  expect(screen.getByText('the password ends with `')).toBeVisible()
})
