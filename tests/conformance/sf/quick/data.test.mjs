// Signing in, and data out and in.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assert, URL_OF, USER, bad, count, file, good, lines, loginByJwt, loginByToken, path, query, rest } from '../sf.mjs';

describe('login', () => {
  test('by JWT, and a bulk export, over TLS', async () => {
    const login = await loginByJwt(URL_OF.tls, 'jwt');
    assert.equal(login.username, USER);
    assert.match(login.orgId, /^00D\w{15}$/);
    assert.equal(new URL(login.instanceUrl).origin, URL_OF.tls);
    const line = 'data export bulk --target-org jwt --output-file users.csv --result-format csv --wait 5 --query';
    const { totalSize } = await good(line, 'SELECT Id, Username FROM User');
    assert.equal(lines('users.csv').length, totalSize + 1);
    assert.equal(lines('users.csv')[0], '"Id","Username"');
    assert.ok(lines('users.csv').some((one) => one.endsWith(`,"${USER}"`)));
  });

  test('by an access token', async () => {
    const login = await loginByToken();
    assert.equal(login.username, USER);
    assert.match(login.orgId, /^00D\w{15}$/);
    assert.equal(new URL(login.instanceUrl).origin, URL_OF.http);
  });
});

describe('data', () => {
  test('queries as JSON and CSV, and what is refused', async () => {
    const result = await good('data query --query', 'SELECT Id, Name, Owner.Name FROM Account ORDER BY Id LIMIT 3');
    assert.equal(result.totalSize, 3);
    assert.equal(result.done, true);
    assert.equal(result.records[0].attributes.type, 'Account');
    assert.match(result.records[0].Id, /^001\w{15}$/);
    assert.equal(typeof result.records[0].Owner.Name, 'string');
    await good('data query --result-format csv --output-file q.csv --query', 'SELECT Id, Profile.Name FROM User LIMIT 2');
    assert.equal(lines('q.csv')[0], 'Id,Profile.Name');
    assert.equal(lines('q.csv').length, 3);
    const classes = await good('data query --use-tooling-api --query', 'SELECT Id, Name FROM ApexClass');
    assert.ok(classes.records.some((one) => one.Name === 'AccountService'));
    const refused = await bad('data query --query', 'SELECT Nope FROM Account');
    assert.equal(refused.name, 'INVALID_FIELD');
    assert.match(refused.message, /No such column 'Nope' on entity 'Account'/);
  });

  test('in bulk: in and out', async () => {
    const rows = Array.from({ length: 420 }, (_, at) => `sf ${at},sf-${at},"a, ""b"""`);
    file('in.csv', `Name,External_Id__c,Summary__c\n${rows.join('\n')}\n`);
    const imported = await good('data import bulk --sobject Project__c --file in.csv --line-ending LF --wait 5');
    assert.match(imported.jobId, /^750\w{15}$/);
    assert.deepEqual(
      [imported.processedRecords, imported.successfulRecords, imported.failedRecords],
      [420, 420, 0],
    );
    const soql = "SELECT Id, Name, Summary__c, Start__c FROM Project__c WHERE Name LIKE 'sf %' ORDER BY External_Id__c";
    const exported = await good('data export bulk --output-file out.csv --result-format csv --wait 5 --query', soql);
    assert.equal(exported.totalSize, 420);
    const out = lines('out.csv');
    assert.equal(out.length, 421);
    assert.match(out[1], /^"a00\w{15}","sf 0","a, ""b""",""$/);
    assert.equal(new Set(out.map((line) => line.split(',')[0])).size, 421);
    file('bad.csv', `Name,Budget__c\n${'x'.repeat(81)},1\nfine,much\n`);
    const failed = await bad('data import bulk --sobject Project__c --file bad.csv --line-ending LF --wait 5');
    assert.equal(failed.name, 'FailedRecordDetailsError');
    assert.match(failed.message, /failed/i);
    assert.equal(await count("SELECT COUNT() FROM Project__c WHERE Name = 'fine'"), 0);
  });

  test('trees: out and in again', async () => {
    const { id } = await rest('POST', '/sobjects/Account', { Name: 'Tree root', AnnualRevenue: 7 });
    for (const LastName of ['Leaf', 'Twig']) await rest('POST', '/sobjects/Contact', { LastName, AccountId: id });
    const soql = "SELECT Name, AnnualRevenue, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Tree root'";
    await good('data export tree --output-dir tree --plan --query', soql);
    const plan = readdirSync(path('tree')).find((name) => name.endsWith('-plan.json'));
    assert.ok(plan);
    const imported = await good('data import tree --plan', join('tree', plan));
    assert.equal(imported.length, 3);
    assert.ok(imported.every((one) => one.id && one.refId));
    assert.deepEqual([...new Set(imported.map((one) => one.type))].sort(), ['Account', 'Contact']);
    const { records } = await query(`SELECT LastName, AccountId, Account.AnnualRevenue FROM Contact WHERE Account.Name = 'Tree root'`);
    assert.equal(records.length, 4);
    assert.equal(new Set(records.map((one) => one.AccountId)).size, 2);
    assert.ok(records.every((one) => one.Account.AnnualRevenue === 7));
  });
});
