// Bulk API 1.0 and 2.0, both ways.
//
// Left out because jsforce 3.10 gets them wrong whatever the server: a Bulk 2.0 query of more than one page, and the CSV
// stream of a Bulk 1.0 query.
'use strict';

const { before, describe, test } = require('node:test');
const assert = require('../assertions.cjs');
const { connected, http, refusal, tls } = require('./org');

const AWKWARD = 'a "quote", a comma\nand a line; äöü €';

for (const [name, url] of [['HTTP', http], ['TLS', tls]]) {
  describe(`over ${name}`, () => {
    let conn;
    before(async () => {
      conn = await connected(url);
    });

    test('Bulk 2.0: insert, query, update, upsert, delete', async () => {
      const job = { object: 'Project__c', pollInterval: 50, pollTimeout: 20_000 };
      const rows = Array.from({ length: 300 }, (_, at) => ({
        Name: `bulk2 ${at}`,
        External_Id__c: `b2-${at}`,
        Budget__c: at,
        Summary__c: AWKWARD,
      }));
      const inserted = await conn.bulk2.loadAndWaitForResults({ ...job, operation: 'insert', input: rows });
      assert.equal(inserted.successfulResults.length, 300);
      assert.equal(inserted.failedResults.length, 0);
      assert.equal(inserted.unprocessedRecords.length, 0);
      assert.equal(inserted.successfulResults[0].sf__Created, 'true');
      assert.match(inserted.successfulResults[0].sf__Id, /^a00\w{15}$/);
      const names = new Set(inserted.successfulResults.map((one) => one.Name));
      assert.equal(names.size, 300);
      assert.ok(names.has('bulk2 7'));

      const soql = "SELECT Id, Name, Budget__c, Start__c, Summary__c FROM Project__c WHERE Name LIKE 'bulk2 %'";
      const query = await conn.bulk2.query(soql, { pollInterval: 50, pollTimeout: 20_000 });
      const found = await query.toArray();
      assert.equal(found.length, 300);
      assert.equal(new Set(found.map((row) => row.Id)).size, 300);
      assert.equal(found[0].Summary__c, AWKWARD);
      assert.equal(found[0].Start__c, '');
      assert.ok(found.some((row) => Number(row.Budget__c) === 299));

      const changes = found.map((row, at) => ({ Id: row.Id, Budget__c: at === 0 ? 'much' : 1 }));
      const changed = await conn.bulk2.loadAndWaitForResults({ ...job, operation: 'update', input: changes });
      assert.equal(changed.successfulResults.length, 299);
      assert.equal(changed.failedResults.length, 1);
      assert.equal(
        changed.failedResults[0].sf__Error,
        'INVALID_TYPE_ON_FIELD_IN_RECORD:Budget: value not of required type: much:Budget__c --',
      );
      assert.equal(changed.failedResults[0].sf__Id, found[0].Id);

      const upserted = await conn.bulk2.loadAndWaitForResults({
        ...job,
        operation: 'upsert',
        externalIdFieldName: 'External_Id__c',
        input: [
          { External_Id__c: 'b2-1', Name: 'bulk2 one' },
          { External_Id__c: 'b2-new', Name: 'bulk2 new' },
        ],
      });
      assert.deepEqual(
        upserted.successfulResults.map((one) => one.sf__Created),
        ['false', 'true'],
      );

      const ids = await conn.sobject('Project__c').find({ Name: { $like: 'bulk2%' } }, ['Id']);
      assert.equal(ids.length, 301);
      const gone = await conn.bulk2.loadAndWaitForResults({
        ...job,
        operation: 'delete',
        input: ids.map((row) => ({ Id: row.Id })),
      });
      assert.equal(gone.successfulResults.length, 301);
      assert.equal(await conn.sobject('Project__c').count({ Name: { $like: 'bulk2%' } }), 0);
      const all = await conn.bulk2.query(`${soql} AND IsDeleted = true`, {
        scanAll: true,
        pollInterval: 50,
        pollTimeout: 20_000,
      });
      const binned = await all.toArray();
      assert.equal(binned.length, 301);

      const { id } = await conn.sobject('Project__c').create({ Name: 'bulk2 last' });
      const hard = await conn.bulk2.loadAndWaitForResults({ ...job, operation: 'hardDelete', input: [{ Id: id }] });
      assert.equal(hard.successfulResults[0].sf__Id, id);
      const left = await conn.query(`SELECT Id FROM Project__c WHERE Id = '${id}'`, { scanAll: true });
      assert.equal(left.totalSize, 0);
    });

    test('Bulk 2.0: what a job tells, aborting, and refusals', async () => {
      const job = conn.bulk2.createJob({ object: 'Team__c', operation: 'insert' });
      await job.open();
      const info = await job.check();
      assert.equal(info.state, 'Open');
      assert.equal(info.contentType, 'CSV');
      assert.equal(info.columnDelimiter, 'COMMA');
      assert.equal(info.jobType, 'V2Ingest');
      assert.equal(info.apiVersion, 62);
      assert.match(info.id, /^750\w{15}$/);
      assert.match(info.contentUrl, /^services\/data\/v62\.0\/jobs\/ingest\/750\w{15}\/batches$/);
      await job.abort();
      assert.equal((await job.check()).state, 'Aborted');
      await job.delete();
      const unknown = await refusal(conn.bulk2.createJob({ object: 'Nope__c', operation: 'insert' }).open());
      assert.equal(unknown.errorCode, 'INVALIDJOB');
      assert.match(unknown.message, /Unable to find object: Nope__c/);
      const query = await refusal(conn.bulk2.query('SELECT Nope FROM Account', { pollInterval: 50 }));
      assert.match(query.message, /No such column 'Nope' on entity 'Account'/);
    });

    test('Bulk 1.0: insert, query, update, delete', async () => {
      const rows = Array.from({ length: 40 }, (_, at) => ({ Name: `bulk1 ${at}`, Motto__c: AWKWARD }));
      const inserted = await conn.bulk.load('Team__c', 'insert', [...rows, { Name: 'x'.repeat(81), Motto__c: '' }]);
      assert.equal(inserted.length, 41);
      assert.equal(inserted.filter((one) => one.success).length, 40);
      assert.match(inserted[0].id, /^a02\w{15}$/);
      assert.equal(inserted[40].success, false);
      assert.match(inserted[40].errors[0], /^STRING_TOO_LONG:/);

      const found = [];
      const query = await conn.bulk.query("SELECT Id, Name, Motto__c FROM Team__c WHERE Name LIKE 'bulk1 %'");
      for await (const record of query) found.push(record);
      assert.equal(found.length, 40);
      assert.ok(found.every((one) => one.Motto__c === AWKWARD));

      const changed = await conn.bulk.load(
        'Team__c',
        'update',
        found.map(({ Id }) => ({ Id, Motto__c: 'new' })),
      );
      assert.ok(changed.every((one) => one.success));
      assert.equal(await conn.sobject('Team__c').count({ Motto__c: 'new' }), 40);
      const gone = await conn.bulk.load(
        'Team__c',
        'delete',
        found.map(({ Id }) => ({ Id })),
      );
      assert.equal(gone.length, 40);
      assert.ok(gone.every((one) => one.success));
      assert.equal(await conn.sobject('Team__c').count({ Name: { $like: 'bulk1 %' } }), 0);
    });

    test('Bulk 1.0: upsert by external id and hard delete', async () => {
      const key = { extIdField: 'External_Id__c' };
      const first = await conn.bulk.load('Project__c', 'upsert', key, [
        { Name: 'bulk1 up', External_Id__c: 'b1-1', Budget__c: '1.5' },
        { Name: 'bulk1 up', External_Id__c: 'b1-2', Budget__c: 'much' },
      ]);
      assert.equal(first[0].success, true);
      assert.equal(first[1].success, false);
      assert.equal(
        first[1].errors[0],
        'INVALID_TYPE_ON_FIELD_IN_RECORD:Budget: value not of required type: much:Budget__c --',
      );
      const second = await conn.bulk.load('Project__c', 'upsert', key, [
        { Name: 'bulk1 again', External_Id__c: 'b1-1', Budget__c: '#N/A' },
        { Name: 'bulk1 new', External_Id__c: 'b1-2', Budget__c: '2' },
      ]);
      assert.deepEqual(second.map((one) => one.success), [true, true]);
      assert.equal(second[0].id, first[0].id);
      const row = await conn.sobject('Project__c').retrieve(first[0].id);
      assert.equal(row.Name, 'bulk1 again');
      assert.equal(row.Budget__c, null);

      const gone = await conn.bulk.load('Project__c', 'hardDelete', second.map(({ id }) => ({ Id: id })));
      assert.deepEqual(gone.map((one) => one.success), [true, true]);
      const soql = "SELECT Id FROM Project__c WHERE External_Id__c IN ('b1-1', 'b1-2')";
      assert.equal((await conn.query(soql, { scanAll: true })).totalSize, 0);
      const refused = await refusal(conn.bulk.load('Project__c', 'insert', [{ Nope__c: 1 }]));
      assert.match(refused.message, /InvalidBatch : Field name not found : Nope__c/);
    });

    test('Bulk 1.0: a job step by step', async () => {
      const job = conn.bulk.createJob('Account', 'insert');
      const opened = await job.open();
      assert.equal(opened.state, 'Open');
      assert.equal(opened.object, 'Account');
      assert.equal(opened.operation, 'insert');
      assert.match(opened.id, /^750\w{15}$/);
      const batch = job.createBatch();
      const queued = new Promise((done) => batch.on('queue', done));
      const done = new Promise((finished, failed) => batch.on('response', finished).on('error', failed));
      batch.execute([{ Name: 'step by step' }]);
      const info = await queued;
      assert.match(info.id, /^751\w{15}$/);
      assert.equal(info.jobId, opened.id);
      batch.poll(50, 20_000);
      const [result] = await done;
      assert.equal(result.success, true);
      const batches = await job.list();
      assert.equal(batches.length, 1);
      assert.equal(batches[0].state, 'Completed');
      assert.equal(batches[0].numberRecordsProcessed, '1');
      assert.equal((await job.close()).state, 'Closed');
      await conn.sobject('Account').destroy(result.id);
    });
  });
}
