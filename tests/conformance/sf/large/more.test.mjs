// Further commands of the command line.
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { assert, URL_OF, USER, bad, count, file, good, lines, loginByJwt, loginByToken, path, query, tooling, xml } from '../sf.mjs';

describe('org', () => {
  test('display, users and how it is listed', async () => {
    await loginByJwt(URL_OF.tls, 'jwt');
    assert.equal((await good('org display --target-org jwt')).connectedStatus, 'Connected');
    // A username has one alias, the latest.
    await loginByToken();
    const org = await good('org display --target-org sim');
    assert.equal(new URL(org.instanceUrl).origin, URL_OF.http);
    assert.equal(org.username, USER);
    assert.equal(org.connectedStatus, 'Connected');
    assert.equal((await good('org display user --target-org sim')).username, USER);
  });

  test('objects, limits and counts', async () => {
    const custom = await good('sobject list --sobject custom');
    assert.ok(custom.includes('Project__c') && !custom.includes('Account'));
    assert.ok((await good('sobject list --sobject all')).includes('Account'));
    const account = await good('sobject describe --sobject Account');
    assert.equal(account.keyPrefix, '001');
    assert.ok(account.fields.length > 50);
    assert.equal((await good('sobject describe --use-tooling-api --sobject ApexClass')).name, 'ApexClass');
    const limits = await good('org list limits');
    assert.ok(limits.some((limit) => limit.name === 'DailyApiRequests' && limit.remaining > 0));
    const counts = await good('org list sobject record-counts --sobject Account');
    assert.ok(counts.find((one) => one.name === 'Account').count > 0);
  });

  test('types of metadata and components', async () => {
    const { metadataObjects } = await good('org list metadata-types');
    assert.ok(metadataObjects.some((type) => type.xmlName === 'ApexClass'));
    const classes = await good('org list metadata --metadata-type ApexClass');
    assert.ok(classes.some((one) => one.fullName === 'AccountService'));
  });
});

describe('data', () => {
  test('search', async () => {
    const found = await good('data search --query', 'FIND {Nobodyhasthisname} RETURNING Account(Id)');
    assert.equal(found.searchRecords.length, 0);
    assert.equal((await bad('data search --query', 'FIND Nobody')).name, 'MALFORMED_SEARCH');
  });

  test('one record: create, get, update, delete', async () => {
    const made = await good('data create record --sobject Account --values', "Name='By hand' Phone=123");
    assert.equal(made.success, true);
    const row = await good('data get record --sobject Account --record-id', made.id);
    assert.equal(row.Name, 'By hand');
    assert.equal(row.Fax, null);
    await good('data update record --sobject Account --record-id', made.id, '--values', "Name='By foot'");
    const again = await good('data get record --sobject Account --where', "Name='By foot'");
    assert.equal(again.Id, made.id);
    await good('data delete record --sobject Account --record-id', made.id);
    const gone = await bad('data get record --sobject Account --record-id', made.id);
    assert.equal(gone.name, 'ENTITY_IS_DELETED');
    const refused = await bad('data create record --sobject Contact --values', 'FirstName=Nobody');
    assert.match(refused.message, /Required fields are missing: \[LastName\]/);
  });

  test('in bulk: upsert, update, delete, and what failed', async () => {
    file('up.csv', 'External_Id__c,Name\nsfl-0,sfl zero\nsfl-new,sfl new\n');
    const upsert = 'data upsert bulk --sobject Project__c --external-id External_Id__c --file up.csv --line-ending LF --wait 5';
    const upserted = await good(upsert);
    assert.equal(upserted.processedRecords ?? upserted.jobInfo.numberRecordsProcessed, 2);
    const { records } = await query("SELECT Id FROM Project__c WHERE Name LIKE 'sfl %'");
    assert.equal(records.length, 2);
    file('change.csv', `Id,Name,Budget__c\n${records[0].Id},sfl one,1\n${records[1].Id},sfl two,much\n`);
    const changed = await bad('data update bulk --sobject Project__c --file change.csv --line-ending LF --wait 5');
    assert.equal(await count("SELECT COUNT() FROM Project__c WHERE Name = 'sfl one'"), 1);
    const results = await good('data bulk results --job-id', changed.data.jobId);
    assert.deepEqual([results.status, results.successfulRecords, results.failedRecords], ['JobComplete', 1, 1]);
    assert.match(
      lines(results.failedFilePath)[1],
      /INVALID_TYPE_ON_FIELD_IN_RECORD:Budget: value not of required type: much:Budget__c --/,
    );
    file('gone.csv', `Id\n${records.map((one) => one.Id).join('\n')}\n`);
    await good('data delete bulk --sobject Project__c --file gone.csv --line-ending LF --wait 5');
    assert.equal(await count("SELECT COUNT() FROM Project__c WHERE Name LIKE 'sfl %'"), 0);
  });
});

describe('project', () => {
  test('a package of a manifest as it comes', async () => {
    const types = '<types><members>*</members><name>ApexClass</name></types><version>62.0</version>';
    file('classes.xml', xml('Package', types));
    await good('project retrieve start --manifest classes.xml --target-metadata-dir out --unzip --wait 5');
    assert.ok(existsSync(path('out/unpackaged/unpackaged/classes/AccountService.cls')));
    assert.ok(existsSync(path('out/unpackaged/unpackaged/package.xml')));
  });

  test('a class that goes in and out again', async () => {
    file('deployed/classes/Passing.cls', 'public class Passing {}');
    const meta = xml('ApexClass', '<apiVersion>62.0</apiVersion><status>Active</status>');
    file('deployed/classes/Passing.cls-meta.xml', meta);
    const started = await good('project deploy start --source-dir deployed --async');
    const report = await good('project deploy report --wait 5 --job-id', started.id);
    assert.equal(report.status, 'Succeeded');
    const classes = "SELECT Id FROM ApexClass WHERE Name = 'Passing'";
    assert.equal((await tooling(classes)).size, 1);
    await good('project delete source --metadata ApexClass:Passing --no-prompt --wait 5');
    assert.equal((await tooling(classes)).size, 0);
  });
});
