// Where the judged org is, and how the tests come in.
'use strict';

const jsforce = require('jsforce');

const VERSION = '62.0';
const USER = 'admin@simorg.example';
const PASSWORD = 'simorg';
const CLIENT = { clientId: 'simorg', clientSecret: 'simorg', redirectUri: 'http://localhost:1717/OauthRedirect' };

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see tests/conformance/README.md`);
  return value;
}

const http = needed('SIMORG_URL');
const tls = needed('SIMORG_TLS_URL');

// A connection that has signed in by client credentials.
async function connected(url = http, version = VERSION) {
  const conn = new jsforce.Connection({ instanceUrl: url, oauth2: { loginUrl: url, ...CLIENT }, version });
  await conn.authorize({ grant_type: 'client_credentials' });
  conn.metadata.pollInterval = 50;
  conn.bulk.pollInterval = 50;
  conn.bulk2.pollInterval = 50;
  return conn;
}

// The refusal of something that must be refused.
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('this should have been refused');
}

module.exports = { CLIENT, PASSWORD, USER, VERSION, connected, http, jsforce, refusal, tls };
