// A project folder, the command `sf` in it, and plain requests to the org that prepare and check what the command does.
import assertions from '../assertions.cjs';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const assert = assertions;
export const URL_OF = { http: process.env.SIMORG_URL, tls: process.env.SIMORG_TLS_URL };
export const USER = 'admin@simorg.example';

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"';

export const xml = (root, inner) => `${HEAD}<${root} ${NAMESPACE}>${inner}</${root}>`;

// Each file of tests has a home of its own, as the command keeps one sign-in for each username.
process.env.HOME = mkdtempSync(join(process.env.HOME, 'home-'));
export const project = join(process.env.HOME, 'project');
mkdirSync(project);
export const path = (name) => join(project, name);
export const text = (name) => readFileSync(path(name), 'utf8');
export const lines = (name) => text(name).trim().split('\n');

export function file(name, content) {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), content);
  return name;
}

mkdirSync(path('force-app'));
mkdirSync(path('deployed'));
file(
  'sfdx-project.json',
  JSON.stringify({
    packageDirectories: [{ path: 'force-app', default: true }, { path: 'deployed' }],
    sourceApiVersion: '62.0',
  }),
);

// One command; its JSON, whether it went well or not.
function sf(line, ...more) {
  const args = [...line.split(' '), ...more, '--json'];
  return new Promise((done, failed) => {
    execFile('sf', args, { cwd: project, env: process.env, maxBuffer: 1 << 28 }, (_, stdout, stderr) => {
      try {
        done(JSON.parse(stdout));
      } catch {
        failed(new Error(`sf ${args.join(' ')}: ${stdout}${stderr}`));
      }
    });
  });
}

export async function good(line, ...more) {
  const answer = await sf(line, ...more);
  if (answer.status !== 0) throw new Error(`sf ${line}: ${JSON.stringify(answer).slice(0, 2000)}`);
  return answer.result;
}

export async function bad(line, ...more) {
  const answer = await sf(line, ...more);
  if (answer.status === 0) throw new Error(`sf ${line} should have failed`);
  return answer;
}

let token;

// A session of the org over HTTP.
export async function session() {
  if (!token) {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'simorg', client_secret: 'simorg' });
    token = (await (await fetch(`${URL_OF.http}/services/oauth2/token`, { method: 'POST', body })).json()).access_token;
  }
  return token;
}

// A plain request to the org over HTTP; its JSON.
export async function rest(method, where, body) {
  const headers = { authorization: `Bearer ${await session()}`, 'content-type': 'application/json' };
  const answer = await fetch(`${URL_OF.http}/services/data/v62.0${where}`, {
    method,
    headers,
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${where}: ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

export const query = (soql) => rest('GET', `/query?q=${encodeURIComponent(soql)}`);
export const count = async (soql) => (await query(soql)).totalSize;
export const tooling = (soql) => rest('GET', `/tooling/query?q=${encodeURIComponent(soql)}`);

export async function loginByToken() {
  process.env.SF_ACCESS_TOKEN = await session();
  return good('org login access-token --alias sim --set-default --no-prompt --instance-url', URL_OF.http);
}

// Signs in with a new key, which an administrator of the org has registered for the client.
export async function loginByJwt(url, alias) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const registered = await fetch(`${url}/simorg/grants/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: alias, pem: publicKey }),
  });
  if (!registered.ok) throw new Error(`the key was not registered: ${await registered.text()}`);
  file('key.pem', privateKey);
  return good(
    `org login jwt --username ${USER} --client-id ${alias} --jwt-key-file key.pem --alias ${alias} --instance-url`,
    url,
  );
}
