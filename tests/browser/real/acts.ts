// What a person does in the console, in their words.
import { expect, type Page } from '@playwright/test'
import type { World } from './world'

export const ada = { name: 'Ada Winter', email: 'ada@acme.example', password: 'a kelp forest at low tide' }

export async function firstStart(page: Page, world: World) {
  await page.goto(world.firstStart)
  await page.getByLabel('Your name').fill(ada.name)
  await page.getByLabel('E-mail address').fill(ada.email)
  await page.getByLabel('Password').fill(ada.password)
  await page.getByRole('button', { name: 'Create the owner' }).click()
  await expect(page.getByRole('heading', { name: 'Orgs' })).toBeVisible()
}

export async function signIn(page: Page, world: World, who: { email: string; password: string }) {
  await page.goto(`${world.console}/sign-in`)
  await page.getByLabel('E-mail address').fill(who.email)
  await page.getByLabel('Password').fill(who.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

export async function signOut(page: Page, name: string) {
  await page.getByRole('button', { name }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
}

export async function connectByOAuth(page: Page, world: World, name: string) {
  await page.goto(`${world.console}/orgs/connect`)
  await page.getByLabel('Name in Holdfast').fill(name)
  await page.getByLabel('Which org is it?').selectOption('My Domain or another address')
  await page.getByLabel('My Domain').fill(world.org.url)
  await page.getByLabel('Consumer key of your connected app').fill(world.org.client_id)
  await page.getByLabel(/Consumer secret/).fill(world.org.client_secret)
  await page.getByRole('button', { name: 'Continue to Salesforce' }).click()
  // The simulated Salesforce's own pages.
  await page.getByLabel('Username').fill(world.org.username)
  await page.getByLabel('Password').fill(world.org.password)
  await page.getByRole('button', { name: 'Log In' }).click()
  await page.getByRole('button', { name: 'Allow' }).click()
  await expect(page.getByRole('heading', { name, exact: true })).toBeVisible()
}

export async function openObject(page: Page, object: string) {
  await page.getByRole('link', { name: 'Objects', exact: true }).click()
  await page.getByRole('searchbox', { name: 'Find an object' }).fill(object)
  // Rows move when the filter takes hold, and a click on a row that moves away is none.
  await expect(page.getByRole('table', { name: 'Objects' }).getByRole('link', { name: 'Account', exact: true })).toHaveCount(0)
  await page.getByRole('link', { name: object, exact: true }).click()
  await expect(page.getByRole('heading', { name: object, exact: true })).toBeVisible()
}
