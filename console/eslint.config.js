import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

// Imports go down this list only: pages > forms > components > ui, api. `ui` knows no API and no router, `api` no page.
const rooms = ['pages', 'forms', 'components', 'ui', 'api']
const forbidden = {
  forms: ['pages'],
  components: ['pages', 'forms'],
  ui: ['pages', 'forms', 'components', 'api'],
  api: ['pages', 'forms', 'components', 'ui'],
}
const outside = { ui: ['react-router', '@tanstack/react-query', 'openapi-fetch'], api: ['react-router'] }

const directions = rooms
  .filter((room) => forbidden[room] !== undefined)
  .map((room) => ({
    files: [`src/${room}/**/*.{ts,tsx}`],
    ignores: ['**/*.test.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: (outside[room] ?? []).map((name) => ({ name, message: `${room}/ does not know it` })),
          patterns: [
            {
              regex: `^(~|\\.\\.(/\\.\\.)*)/(${forbidden[room].join('|')})(/|$)`,
              message: `imports go down only: pages > forms > components > ui, api`,
            },
            ...(room === 'ui' || room === 'api'
              ? [{ regex: '^~/(paths|routes)$', message: `${room}/ knows no paths` }]
              : []),
          ],
        },
      ],
    },
  }))

export default tseslint.config(
  { ignores: ['dist', 'src/api/schema.ts', 'mock/**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  jsxA11y.flatConfigs.strict,
  {
    plugins: { 'react-hooks': reactHooks },
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      ...reactHooks.configs.recommended.rules,
      // The table and the list library hand out functions that change; nothing here is compiled on the promise that they do not.
      'react-hooks/incompatible-library': 'off',
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A promise whose end nobody waits for is marked with `void`.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // The one way to leave members out of an object.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // A region that scrolls must be reachable by key.
      'jsx-a11y/no-noninteractive-tabindex': 'off',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  ...directions,
  { files: ['src/pages/**/*Page.tsx', '**/*.config.{ts,js}'], rules: { 'no-restricted-exports': 'off' } },
  { files: ['mock/**', '**/*.test.{ts,tsx}'], rules: { 'max-lines': 'off' } },
  {
    // It fills in what the types say is always there.
    files: ['mock/**'],
    rules: {
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-deprecated': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  { files: ['eslint.config.js'], ...tseslint.configs.disableTypeChecked },
)
