// The Salesforce command line: what its commands answer with --json, and what they leave in files and in the org.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const url = process.env.SIMORG_URL;
const home = mkdtempSync(join(tmpdir(), 'sf-'));
const project = join(home, 'project');
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"';

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

async function good(line, ...more) {
  const answer = await sf(line, ...more);
  assert.equal(answer.status, 0, `sf ${line}: ${JSON.stringify(answer).slice(0, 2000)}`);
  return answer.result;
}

async function bad(line, ...more) {
  const answer = await sf(line, ...more);
  assert.notEqual(answer.status, 0, `sf ${line} should have failed`);
  return answer;
}

const file = (name, text) => {
  writeFileSync(join(project, name), text);
  return name;
};

const count = async (soql) => (await good('data query --query', soql)).totalSize;

mkdirSync(join(project, 'force-app'), { recursive: true });
file(
  'sfdx-project.json',
  JSON.stringify({ packageDirectories: [{ path: 'force-app', default: true }], sourceApiVersion: '62.0' }),
);

describe('org', () => {
  test('login by an access token', async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'simorg', client_secret: 'simorg' });
    const { access_token } = await (await fetch(`${url}/services/oauth2/token`, { method: 'POST', body })).json();
    process.env.SF_ACCESS_TOKEN = access_token;
    const login = await good('org login access-token --alias sim --set-default --no-prompt --instance-url', url);
    assert.equal(login.username, 'admin@simorg.example');
    assert.match(login.orgId, /^00D\w{15}$/);
    assert.equal(login.accessToken, access_token);
  });

  test('login by JWT', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const registered = await fetch(`${url}/simorg/grants/keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: 'sfjwt', pem: publicKey }),
    });
    assert.equal(registered.status, 200);
    file('key.pem', privateKey);
    const line = 'org login jwt --username admin@simorg.example --client-id sfjwt --jwt-key-file key.pem --alias simjwt';
    const login = await good(`${line} --instance-url`, url);
    assert.equal(login.username, 'admin@simorg.example');
    assert.equal((await good('org display --target-org simjwt')).connectedStatus, 'Connected');
  });

  test('display and list', async () => {
    const org = await good('org display --target-org sim');
    assert.equal(new URL(org.instanceUrl).origin, url);
    assert.equal(org.username, 'admin@simorg.example');
    assert.equal(org.connectedStatus, 'Connected');
    const user = await good('org display user --target-org sim');
    assert.equal(user.username, 'admin@simorg.example');
  });

  test('objects, limits and API versions', async () => {
    const custom = await good('sobject list --sobject custom');
    assert.ok(custom.includes('Project__c'));
    const all = await good('sobject list --sobject all');
    assert.ok(all.includes('Account'));
    const account = await good('sobject describe --sobject Account');
    assert.equal(account.keyPrefix, '001');
    assert.ok(account.fields.length > 50);
    const limits = await good('org list limits');
    assert.ok(limits.some((limit) => limit.name === 'DailyApiRequests' && limit.remaining > 0));
    const counts = await good('org list sobject record-counts --sobject Account');
    assert.ok(counts.find((one) => one.name === 'Account').count > 0);
  });

  test('metadata types and components', async () => {
    const { metadataObjects } = await good('org list metadata-types');
    assert.ok(metadataObjects.some((type) => type.xmlName === 'ApexClass'));
    const classes = await good('org list metadata --metadata-type ApexClass');
    assert.ok(classes.some((one) => one.fullName === 'AccountService'));
  });
});

describe('data', () => {
  test('query as JSON, CSV and by the Tooling API', async () => {
    const result = await good('data query --query', 'SELECT Id, Name, Owner.Name FROM Account ORDER BY Id LIMIT 3');
    assert.equal(result.totalSize, 3);
    assert.equal(result.done, true);
    assert.ok(result.records[0].Owner.Name);
    await good('data query --result-format csv --output-file q.csv --query', 'SELECT Id, Name FROM User LIMIT 2');
    const lines = readFileSync(join(project, 'q.csv'), 'utf8').trim().split('\n');
    assert.equal(lines[0], 'Id,Name');
    assert.equal(lines.length, 3);
    const tooling = await good('data query --use-tooling-api --query', 'SELECT Id, Name FROM ApexClass');
    assert.ok(tooling.records.some((one) => one.Name === 'AccountService'));
    const refused = await bad('data query --query', 'SELECT Nope FROM Account');
    assert.equal(refused.name, 'INVALID_FIELD');
    const found = await good('data search --query', 'FIND {Nobodyhasthisname} RETURNING Account(Id)');
    assert.equal(found.searchRecords.length, 0);
  });

  test('one record: create, get, update, upsert, delete', async () => {
    const made = await good('data create record --sobject Account --values', "Name='By hand' Phone=123");
    assert.equal(made.success, true);
    const row = await good('data get record --sobject Account --record-id', made.id);
    assert.equal(row.Name, 'By hand');
    await good('data update record --sobject Account --record-id', made.id, '--values', "Name='By foot'");
    const again = await good('data get record --sobject Account --where', "Name='By foot'");
    assert.equal(again.Id, made.id);
    await good('data delete record --sobject Account --record-id', made.id);
    const gone = await bad('data get record --sobject Account --record-id', made.id);
    assert.match(gone.name, /ENTITY_IS_DELETED|NOT_FOUND/);
    const refused = await bad('data create record --sobject Contact --values', 'FirstName=Nobody');
    assert.match(refused.message, /Required fields are missing: \[LastName\]/);
  });

  test('in bulk: import, export, update, upsert, delete', async () => {
    const names = Array.from({ length: 120 }, (_, at) => `sf ${at}`);
    const rows = names.map((name, at) => `${name},sf-${at},"a, ""b"""`);
    file('in.csv', `Name,External_Id__c,Summary__c\n${rows.join('\n')}\n`);
    const imported = await good('data import bulk --sobject Project__c --file in.csv --line-ending LF --wait 5');
    assert.equal(imported.processedRecords, 120);
    assert.equal(imported.failedRecords, 0);
    const soql = "SELECT Id, Name, Summary__c FROM Project__c WHERE Name LIKE 'sf %'";
    await good('data export bulk --output-file out.csv --result-format csv --wait 5 --query', soql);
    const lines = readFileSync(join(project, 'out.csv'), 'utf8').trim().split('\n');
    assert.equal(lines.length, 121);
    assert.match(lines[1], /"a, ""b"""$/);
    file('up.csv', 'External_Id__c,Name\nsf-0,sf zero\nsf-new,sf new\n');
    const upserted = await good(
      'data upsert bulk --sobject Project__c --external-id External_Id__c --file up.csv --line-ending LF --wait 5',
    );
    assert.equal(String(upserted.jobInfo?.numberRecordsProcessed ?? upserted.processedRecords), '2');
    assert.equal(await count("SELECT Id FROM Project__c WHERE Name IN ('sf zero', 'sf new')"), 2);
    const { records } = await good('data query --query', soql);
    assert.equal(records.length, 121);
    file('gone.csv', `Id\n${records.map((one) => one.Id).join('\n')}\n`);
    await good('data delete bulk --sobject Project__c --file gone.csv --line-ending LF --wait 5');
    assert.equal(await count(soql), 0);
    file('bad.csv', `Name\n${'x'.repeat(81)}\n`);
    const failed = await bad('data import bulk --sobject Project__c --file bad.csv --line-ending LF --wait 5');
    assert.match(failed.message, /failed/i);
  });

  test('trees: out and in again', async () => {
    const { id } = await good('data create record --sobject Account --values', "Name='Tree root'");
    await good('data create record --sobject Contact --values', `LastName=Leaf AccountId=${id}`);
    const soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Tree root'";
    await good('data export tree --output-dir tree --plan --query', soql);
    const plan = readdirSync(join(project, 'tree')).find((name) => name.endsWith('-plan.json'));
    assert.ok(plan);
    const imported = await good('data import tree --plan', join('tree', plan));
    assert.equal(imported.length, 2);
    assert.ok(imported.every((one) => one.id && one.refId));
    assert.equal(await count("SELECT Id FROM Contact WHERE LastName = 'Leaf' AND Account.Name = 'Tree root'"), 2);
  });
});

describe('project', () => {
  test('a manifest from the org, and a retrieve by it', async () => {
    await good('project generate manifest --from-org sim --name all');
    const manifest = readFileSync(join(project, 'all.xml'), 'utf8');
    assert.match(manifest, /<name>ApexClass<\/name>/);
    assert.match(manifest, /<members>Project__c<\/members>/);
    assert.match(manifest, /<members>AccountService<\/members>/);
    const result = await good('project retrieve start --manifest all.xml --wait 10');
    assert.equal(result.status, 'Succeeded');
    assert.ok(result.files.length > 100);
  });

  test('retrieve by type, and as a package', async () => {
    const result = await good('project retrieve start --wait 5 --metadata ApexClass --metadata', 'CustomObject:Project__c');
    assert.equal(result.success, true);
    const base = join(project, 'force-app/main/default');
    assert.ok(existsSync(join(base, 'classes/AccountService.cls')));
    assert.ok(existsSync(join(base, 'objects/Project__c/fields/Budget__c.field-meta.xml')));
    file('classes.xml', `${HEAD}<Package ${NAMESPACE}><types><members>*</members><name>ApexClass</name></types><version>62.0</version></Package>`);
    await good('project retrieve start --manifest classes.xml --target-metadata-dir out --unzip --wait 5');
    assert.ok(existsSync(join(project, 'out/unpackaged/unpackaged/classes/AccountService.cls')));
  });

  test('deploy: checked, for good, failing, removed', async () => {
    const base = 'deployed';
    mkdirSync(join(project, base, 'classes'), { recursive: true });
    mkdirSync(join(project, base, 'objects/Team__c/fields'), { recursive: true });
    file('sfdx-project.json', JSON.stringify({
      packageDirectories: [{ path: 'force-app', default: true }, { path: base }],
      sourceApiVersion: '62.0',
    }));
    file(`${base}/classes/FromSf.cls`, 'public class FromSf {}');
    file(
      `${base}/classes/FromSf.cls-meta.xml`,
      `${HEAD}<ApexClass ${NAMESPACE}><apiVersion>62.0</apiVersion><status>Active</status></ApexClass>`,
    );
    const checked = await good(`project deploy start --dry-run --source-dir ${base} --wait 5`);
    assert.equal(checked.checkOnly, true);
    assert.equal(checked.status, 'Succeeded');
    const classes = "SELECT Id FROM ApexClass WHERE Name = 'FromSf'";
    assert.equal((await good('data query --use-tooling-api --query', classes)).totalSize, 0);
    const done = await good(`project deploy start --source-dir ${base} --wait 5`);
    assert.equal(done.status, 'Succeeded');
    assert.ok(done.files.some((one) => one.fullName === 'FromSf' && one.state === 'Created'));
    assert.equal((await good('data query --use-tooling-api --query', classes)).totalSize, 1);

    const field = `${base}/objects/Team__c/fields/Endless__c.field-meta.xml`;
    file(field, `${HEAD}<CustomField ${NAMESPACE}><fullName>Endless__c</fullName><label>E</label><type>Text</type></CustomField>`);
    const failed = await bad(`project deploy start --source-dir ${base} --wait 5`);
    assert.equal(failed.result.status, 'Failed');
    const [failure] = [failed.result.details.componentFailures].flat();
    assert.equal(failure.fullName, 'Team__c.Endless__c');
    assert.match(failure.problem, /length/);

    await good('project delete source --metadata ApexClass:FromSf --no-prompt --wait 5');
    assert.equal((await good('data query --use-tooling-api --query', classes)).totalSize, 0);
  });
});
