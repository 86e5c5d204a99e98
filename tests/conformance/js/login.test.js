// Every way in that jsforce knows, over HTTP and over TLS.
'use strict';

const { describe, test } = require('node:test');
const assert = require('../assertions.cjs');
const { CLIENT, PASSWORD, USER, VERSION, http, jsforce, refusal, tls } = require('./org');

const TOKEN = /^00D\w{12,15}![.\w]+$/;

for (const [name, url] of [['HTTP', http], ['TLS', tls]]) {
  describe(`over ${name}`, () => {
    const oauth2 = { loginUrl: url, ...CLIENT };

    test('SOAP login with a security token behind the password', async () => {
      const conn = new jsforce.Connection({ loginUrl: url, version: VERSION });
      const user = await conn.login(USER, `${PASSWORD}TOKEN123`);
      assert.match(user.id, /^005\w{15}$/);
      assert.match(user.organizationId, /^00D\w{15}$/);
      assert.equal(conn.instanceUrl, url);
      assert.match(conn.accessToken, TOKEN);
      assert.equal((await conn.identity()).username, USER);
    });

    test('a wrong password is refused by SOAP login', async () => {
      const conn = new jsforce.Connection({ loginUrl: url, version: VERSION });
      const error = await refusal(conn.login(USER, 'wrong'));
      assert.match(
        error.message,
        /INVALID_LOGIN: Invalid username, password, security token; or user locked out\./,
      );
    });

    test('the username-password grant', async () => {
      const conn = new jsforce.Connection({ oauth2, version: VERSION });
      const user = await conn.login(USER, PASSWORD);
      assert.match(user.id, /^005\w{15}$/);
      assert.equal(conn.instanceUrl, url);
      assert.ok((await conn.query('SELECT Id FROM Account LIMIT 1')).records.length === 1);
    });

    test('a wrong password and a wrong client are refused by the token endpoint', async () => {
      const wrong = await refusal(new jsforce.Connection({ oauth2 }).login(USER, 'wrong'));
      assert.equal(wrong.name, 'invalid_grant');
      assert.equal(wrong.message, 'authentication failure');
      const stranger = { ...oauth2, clientId: 'nobody' };
      const unknown = await refusal(new jsforce.Connection({ oauth2: stranger }).login(USER, PASSWORD));
      assert.equal(unknown.name, 'invalid_client_id');
      assert.equal(unknown.message, 'client identifier invalid');
    });

    test('client credentials', async () => {
      const conn = new jsforce.Connection({ instanceUrl: url, oauth2, version: VERSION });
      await conn.authorize({ grant_type: 'client_credentials' });
      assert.match(conn.accessToken, TOKEN);
      assert.equal(conn.refreshToken, undefined);
      assert.match(conn.userInfo.organizationId, /^00D\w{15}$/);
    });

    test('the code grant, then a refresh when the access token is no longer good', async () => {
      const first = new jsforce.Connection({ oauth2, version: VERSION });
      const { code } = await approve(url, first.oauth2.getAuthorizationUrl({ scope: 'api refresh_token' }));
      await first.authorize(code);
      assert.match(first.accessToken, TOKEN);
      assert.ok(first.refreshToken);

      const conn = new jsforce.Connection({
        instanceUrl: url,
        oauth2,
        refreshToken: first.refreshToken,
        accessToken: '00D000000000001!stale',
        version: VERSION,
      });
      const refreshed = [];
      conn.on('refresh', (token) => refreshed.push(token));
      assert.equal((await conn.query('SELECT Id FROM Account LIMIT 3')).records.length, 3);
      assert.equal(refreshed.length, 1);
      assert.equal(conn.accessToken, refreshed[0]);
      assert.equal((await refusal(first.authorize(code))).name, 'invalid_grant');
    });

    test('a token alone, and what an unknown one gets', async () => {
      const made = new jsforce.Connection({ oauth2, version: VERSION });
      await made.login(USER, PASSWORD);
      const conn = new jsforce.Connection({ instanceUrl: url, accessToken: made.accessToken, version: VERSION });
      const who = await conn.identity();
      assert.equal(who.username, USER);
      assert.equal(who.asserted_user, true);
      assert.equal(who.user_type, 'STANDARD');
      assert.match(who.id, new RegExp(`/id/${who.organization_id}/${who.user_id}$`));
      assert.match(who.urls.rest, /\/services\/data\/v62\.0\/$|\/services\/data\/v\{version\}\/$/);
      assert.match(who.urls.metadata, /\/services\/Soap\/m\//);

      const stranger = new jsforce.Connection({ instanceUrl: url, accessToken: '00D000000000001!no', version: VERSION });
      const error = await refusal(stranger.query('SELECT Id FROM Account'));
      assert.equal(error.errorCode, 'INVALID_SESSION_ID');
      assert.equal(error.message, 'Session expired or invalid');
    });

    test('after logout the token is no longer good', async () => {
      const conn = new jsforce.Connection({ oauth2, version: VERSION });
      await conn.login(USER, PASSWORD);
      const { accessToken } = conn;
      await conn.logout();
      const again = new jsforce.Connection({ instanceUrl: url, accessToken, version: VERSION });
      assert.equal((await refusal(again.limits())).errorCode, 'INVALID_SESSION_ID');

      const soap = new jsforce.Connection({ loginUrl: url, version: VERSION });
      await soap.login(USER, PASSWORD);
      const session = soap.accessToken;
      await soap.logout();
      const gone = new jsforce.Connection({ instanceUrl: url, accessToken: session, version: VERSION });
      assert.equal((await refusal(gone.limits())).errorCode, 'INVALID_SESSION_ID');
    });
  });
}

// Approves as the user does on the page of the authorization endpoint; the answer is what the redirect carries.
async function approve(url, authorizationUrl) {
  const asked = new URL(authorizationUrl);
  const body = new URLSearchParams(asked.searchParams);
  body.set('username', USER);
  body.set('password', PASSWORD);
  const answer = await fetch(`${url}/services/oauth2/authorize`, { method: 'POST', body, redirect: 'manual' });
  const target = new URL(answer.headers.get('location'));
  return Object.fromEntries(target.searchParams);
}
