// Describe, queries and rows by REST.
'use strict';

const { before, describe, test } = require('node:test');
const assert = require('../assertions.cjs');
const { connected, http, refusal, tls } = require('./org');

let conn;
before(async () => {
  conn = await connected();
});

const countOf = async (soql) => (await conn.query(soql)).totalSize;

describe('describe', () => {
  test('describeGlobal lists the objects with their flags', async () => {
    const { sobjects, encoding, maxBatchSize } = await conn.describeGlobal();
    assert.equal(encoding, 'UTF-8');
    assert.equal(maxBatchSize, 200);
    const account = sobjects.find((object) => object.name === 'Account');
    assert.equal(account.keyPrefix, '001');
    assert.equal(account.label, 'Account');
    assert.equal(account.labelPlural, 'Accounts');
    assert.equal(account.queryable, true);
    assert.equal(account.custom, false);
    assert.match(account.urls.describe, /\/services\/data\/v62\.0\/sobjects\/Account\/describe$/);
    assert.equal(sobjects.find((object) => object.name === 'Project__c').custom, true);
  });

  test('describe tells fields, children and record types', async () => {
    const account = await conn.describe('Account');
    const field = (name) => account.fields.find((one) => one.name === name);
    assert.equal(field('Id').type, 'id');
    assert.equal(field('Id').length, 18);
    assert.equal(field('Name').nameField, true);
    assert.equal(field('Name').nillable, false);
    assert.equal(field('AnnualRevenue').type, 'currency');
    assert.equal(field('BillingAddress').type, 'address');
    assert.deepEqual(field('OwnerId').referenceTo, ['User']);
    assert.equal(field('OwnerId').relationshipName, 'Owner');
    assert.ok(field('Industry').picklistValues.every((value) => typeof value.active === 'boolean'));
    const children = account.childRelationships.filter((one) => one.childSObject === 'Contact');
    assert.ok(children.some((one) => one.field === 'AccountId' && one.relationshipName === 'Contacts'));
    assert.ok(account.recordTypeInfos.some((one) => one.master && one.name === 'Master'));
  });

  test('custom fields of every type', async () => {
    const project = await conn.sobject('Project__c').describe();
    const types = Object.fromEntries(project.fields.map((field) => [field.name, field.type]));
    assert.equal(types.Budget__c, 'currency');
    assert.equal(types.Progress__c, 'percent');
    assert.equal(types.Daily_Call__c, 'time');
    assert.equal(types.Skills__c, 'multipicklist');
    assert.equal(types.Place__c, 'location');
    assert.equal(types.Secret__c, 'encryptedstring');
    assert.equal(types.Total_Billed__c, 'currency');
    const gross = project.fields.find((field) => field.name === 'Budget_Gross__c');
    assert.equal(gross.calculated, true);
    assert.equal(gross.calculatedFormula, 'Budget__c * 1.19');
  });

  test('an object that does not exist', async () => {
    const error = await refusal(conn.describe('Nothing__c'));
    assert.equal(error.errorCode, 'NOT_FOUND');
    assert.equal(error.message, 'The requested resource does not exist');
  });

  test('limits, versions and recent', async () => {
    const limits = await conn.limits();
    assert.ok(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max);
    assert.ok(limits.DataStorageMB.Max > 0);
    assert.ok(conn.limitInfo.apiUsage.used > 0);
    assert.ok(conn.limitInfo.apiUsage.limit >= conn.limitInfo.apiUsage.used);
    const versions = await conn.request('/services/data');
    assert.ok(versions.some((one) => one.version === '62.0' && one.url === '/services/data/v62.0'));
  });
});

describe('queries', () => {
  test('one page, with types and nulls as the API writes them', async () => {
    const { records, totalSize, done } = await conn.query(
      'SELECT Id, Name, AnnualRevenue, CreatedDate, IsDeleted, Owner.Name, Parent.Name FROM Account WHERE ParentId = null LIMIT 2',
    );
    assert.equal(done, true);
    assert.equal(totalSize, 2);
    const [first] = records;
    assert.equal(first.attributes.type, 'Account');
    assert.equal(first.attributes.url, `/services/data/v62.0/sobjects/Account/${first.Id}`);
    assert.match(first.Id, /^001\w{15}$/);
    assert.match(first.CreatedDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$/);
    assert.equal(first.IsDeleted, false);
    assert.equal(first.Parent, null);
    assert.equal(first.Owner.attributes.type, 'User');
    assert.ok(first.AnnualRevenue === null || typeof first.AnnualRevenue === 'number');
  });

  test('queryMore and autoFetch bring every row once', async () => {
    const names = Array.from({ length: 450 }, (_, at) => ({ Name: `page ${at}` }));
    const made = await conn.sobject('Team__c').create(names, { allowRecursive: true, allOrNone: true });
    assert.equal(made.length, 450);
    assert.ok(made.every((one) => one.success));
    const soql = "SELECT Id, Name FROM Team__c WHERE Name LIKE 'page %'";
    const headers = { 'Sforce-Query-Options': 'batchSize=200' };
    const first = await conn.query(soql, { headers });
    assert.equal(first.totalSize, 450);
    assert.equal(first.records.length, 200);
    assert.equal(first.done, false);
    const second = await conn.queryMore(first.nextRecordsUrl, { headers });
    assert.equal(second.records.length, 200);
    const third = await conn.queryMore(second.nextRecordsUrl, { headers });
    assert.equal(third.records.length, 50);
    assert.equal(third.done, true);
    assert.equal(third.nextRecordsUrl, undefined);

    const ids = new Set();
    const query = conn.query(soql, { headers, autoFetch: true, maxFetch: 1000 });
    for (const record of (await query).records ?? []) ids.add(record.Id);
    const streamed = new Set();
    await new Promise((done, failed) => {
      conn
        .query(soql, { headers })
        .on('record', (record) => streamed.add(record.Id))
        .on('end', done)
        .on('error', failed)
        .run({ autoFetch: true, maxFetch: 1000 });
    });
    assert.equal(streamed.size, 450);
    assert.ok(ids.size >= 200);
    const gone = await conn.sobject('Team__c').destroy(
      made.map((one) => one.id),
      { allowRecursive: true },
    );
    assert.ok(gone.every((one) => one.success));
    assert.equal(await countOf("SELECT COUNT() FROM Team__c WHERE Name LIKE 'page %'"), 0);
    const all = await conn.query("SELECT COUNT() FROM Team__c WHERE Name LIKE 'page %'", { scanAll: true });
    assert.equal(all.totalSize, 450);
  });

  test('a locator that nobody gave', async () => {
    const error = await refusal(conn.queryMore('01gxx0000000001AAA-2000'));
    assert.equal(error.errorCode, 'INVALID_QUERY_LOCATOR');
  });

  test('children, aggregates and what the query builder writes', async () => {
    const accounts = conn.sobject('Account');
    const [account] = await accounts.find({ Name: 'judged parent' }).limit(1);
    assert.equal(account, undefined);
    const { id } = await accounts.create({ Name: 'judged parent', AnnualRevenue: 13 });
    await conn.sobject('Contact').create([
      { LastName: 'Beta', AccountId: id },
      { LastName: 'Alpha', AccountId: id },
    ]);
    const [found] = await accounts
      .find({ Name: 'judged parent', AnnualRevenue: { $gt: 12.5 } }, 'Id, Name, AnnualRevenue')
      .include('Contacts')
      .select('Id, LastName')
      .orderby('LastName', 'ASC')
      .end();
    assert.equal(found.AnnualRevenue, 13);
    assert.equal(found.Contacts.totalSize, 2);
    assert.equal(found.Contacts.done, true);
    assert.deepEqual(found.Contacts.records.map((one) => one.LastName), ['Alpha', 'Beta']);
    assert.equal(await conn.sobject('Contact').count({ AccountId: id }), 2);
    const grouped = await conn.query(
      `SELECT LastName, COUNT(Id) n FROM Contact WHERE AccountId = '${id}' GROUP BY LastName ORDER BY LastName`,
    );
    assert.deepEqual(grouped.records.map((one) => [one.attributes.type, one.LastName, one.n]), [
      ['AggregateResult', 'Alpha', 1],
      ['AggregateResult', 'Beta', 1],
    ]);
    const sorted = await conn.sobject('Contact').find({ AccountId: id }, ['LastName']).sort('-LastName').skip(1);
    assert.deepEqual(sorted.map((one) => one.LastName), ['Alpha']);
    await accounts.destroy(id);
    assert.equal(await conn.sobject('Contact').count({ AccountId: id }), 0);
  });

  test('refused queries say where', async () => {
    const unknown = await refusal(conn.query('SELECT Id, Nmae FROM Account'));
    assert.equal(unknown.errorCode, 'INVALID_FIELD');
    assert.match(unknown.message, /No such column 'Nmae' on entity 'Account'/);
    assert.match(unknown.message, /ERROR at Row:1:Column:12/);
    const object = await refusal(conn.query('SELECT Id FROM Acount'));
    assert.equal(object.errorCode, 'INVALID_TYPE');
    assert.match(object.message, /sObject type 'Acount' is not supported/);
    const malformed = await refusal(conn.query('SELECT FROM Account'));
    assert.equal(malformed.errorCode, 'MALFORMED_QUERY');
  });

  test('search', async () => {
    const { id } = await conn.sobject('Account').create({ Name: 'Quillfeather Works' });
    const found = await conn.search('FIND {Quillfeather} IN NAME FIELDS RETURNING Account(Id, Name), Contact(Id)');
    assert.deepEqual(found.searchRecords.map((one) => [one.attributes.type, one.Id]), [['Account', id]]);
    await conn.sobject('Account').destroy(id);
    const none = await conn.search('FIND {Quillfeather} RETURNING Account(Id)');
    assert.equal(none.searchRecords.length, 0);
    assert.equal((await refusal(conn.search('FIND Quillfeather'))).errorCode, 'MALFORMED_SEARCH');
  });
});

describe('rows', () => {
  test('create, retrieve, update, delete one', async () => {
    const projects = conn.sobject('Project__c');
    const made = await projects.create({ Name: 'One', Budget__c: 100, Start__c: '2026-01-31', Skills__c: 'Rust;SQL' });
    assert.equal(made.success, true);
    assert.deepEqual(made.errors, []);
    const row = await projects.retrieve(made.id);
    assert.equal(row.Budget__c, 100);
    assert.equal(row.Budget_Gross__c, 119);
    assert.equal(row.Start__c, '2026-01-31');
    assert.equal(row.Skills__c, 'Rust;SQL');
    assert.equal(row.Summary__c, null);
    const changed = await projects.update({ Id: made.id, Budget__c: null, Name: 'Uno' });
    assert.equal(changed.success, true);
    assert.equal(changed.id, made.id);
    const again = await projects.retrieve(made.id, { fields: ['Name', 'Budget__c'] });
    assert.equal(again.Name, 'Uno');
    assert.equal(again.Budget__c, null);
    assert.equal((await projects.record(made.id).destroy()).success, true);
    const gone = await refusal(projects.retrieve(made.id));
    assert.equal(gone.errorCode, 'ENTITY_IS_DELETED');
    const twice = await refusal(projects.destroy(made.id));
    assert.equal(twice.errorCode, 'ENTITY_IS_DELETED');
    assert.equal(twice.message, 'entity is deleted');
  });

  test('upsert by external id, one and many', async () => {
    const projects = conn.sobject('Project__c');
    const first = await projects.upsert({ Name: 'Ext', External_Id__c: 'js-1' }, 'External_Id__c');
    assert.equal(first.created, true);
    const second = await projects.upsert({ Name: 'Ext 2', External_Id__c: 'js-1' }, 'External_Id__c');
    assert.equal(second.success, true);
    assert.equal(second.created, false);
    assert.equal(second.id, first.id);
    const many = await projects.upsert(
      [
        { Name: 'Ext 3', External_Id__c: 'js-1' },
        { Name: 'Ext 4', External_Id__c: 'js-2' },
      ],
      'External_Id__c',
    );
    assert.deepEqual(many.map((one) => one.created), [false, true]);
    assert.equal(many[0].id, first.id);
    const names = await projects.find({ External_Id__c: { $in: ['js-1', 'js-2'] } }, 'Name').sort('Name');
    assert.deepEqual(names.map((one) => one.Name), ['Ext 3', 'Ext 4']);
    const error = await refusal(projects.upsert({ Name: 'x', Notes__c: 'y' }, 'Notes__c'));
    assert.equal(error.errorCode, 'NOT_FOUND');
    await projects.destroy(many.map((one) => one.id));
  });

  test('many rows, partly and all or none', async () => {
    const contacts = conn.sobject('Contact');
    const partly = await contacts.create([{ LastName: 'Partly' }, { FirstName: 'Nobody' }]);
    assert.equal(partly[0].success, true);
    assert.equal(partly[1].success, false);
    assert.equal(partly[1].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
    assert.equal(partly[1].errors[0].message, 'Required fields are missing: [LastName]');
    assert.deepEqual(partly[1].errors[0].fields, ['LastName']);
    const none = await contacts.create([{ LastName: 'Nobody kept' }, { FirstName: 'Nobody' }], { allOrNone: true });
    assert.deepEqual(none.map((one) => one.success), [false, false]);
    assert.equal(none[0].errors[0].statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK');
    assert.equal(await contacts.count({ LastName: 'Nobody kept' }), 0);
    const changed = await contacts.update([{ Id: partly[0].id, LastName: 'Wholly' }]);
    assert.equal(changed[0].success, true);
    const rows = await contacts.retrieve([partly[0].id, '003000000000000AAA']);
    assert.equal(rows[0].LastName, 'Wholly');
    assert.equal(rows[1], null);
    const gone = await contacts.destroy([partly[0].id]);
    assert.equal(gone[0].success, true);
  });

  test('what is refused has its code and its words', async () => {
    const projects = conn.sobject('Project__c');
    const code = async (record) => {
      const { errorCode, message } = await refusal(projects.create(record));
      return [errorCode, message];
    };
    const [long, words] = await code({ Name: 'x'.repeat(81) });
    assert.equal(long, 'STRING_TOO_LONG');
    assert.match(words, /^Name: data value too large: x{40}.* \(max length=80\)$/);
    const [picklist, value] = await code({ Name: 'x', Stage__c: 'Dreamt' });
    assert.equal(picklist, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
    assert.match(value, /bad value for restricted picklist field: Dreamt/);
    assert.equal((await code({ Name: 'x', Nope__c: 1 }))[0], 'INVALID_FIELD');
    assert.equal((await code({ Name: 'x', Total_Billed__c: 1 }))[0], 'INVALID_FIELD_FOR_INSERT_UPDATE');
    assert.equal((await code({ Name: 'x', Budget__c: 'much' }))[0], 'JSON_PARSER_ERROR');
    assert.equal((await code({ Name: 'x', Contact_Email__c: 'no mail' }))[0], 'INVALID_EMAIL_ADDRESS');
    assert.equal((await code({ Name: 'x', Account__c: '003000000000001AAA' }))[0], 'FIELD_INTEGRITY_EXCEPTION');
    const rule = await refusal(conn.sobject('Team__c').create({ Name: 'x', Motto__c: 'CONFIDENTIAL' }));
    assert.equal(rule.errorCode, 'FIELD_CUSTOM_VALIDATION_EXCEPTION');
    assert.equal(rule.message, 'A motto is public and must not contain CONFIDENTIAL.');
  });

  test('updated and deleted', async () => {
    const teams = conn.sobject('Team__c');
    const { id } = await teams.create({ Name: 'Watched' });
    const other = await teams.create({ Name: 'Watched too' });
    await teams.destroy(other.id);
    const start = new Date(Date.now() - 3600e3);
    const end = new Date(Date.now() + 60e3);
    const updated = await teams.updated(start, end);
    assert.ok(updated.ids.includes(id));
    assert.ok(!Number.isNaN(Date.parse(updated.latestDateCovered)));
    const deleted = await teams.deleted(start, end);
    const record = deleted.deletedRecords.find((one) => one.id === other.id);
    assert.ok(!Number.isNaN(Date.parse(record.deletedDate)));
    assert.ok(deleted.earliestDateAvailable);
    await teams.destroy(id);
  });

  test('composite, batch and tree by plain requests', async () => {
    const composite = await conn.requestPost('/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: '/services/data/v62.0/sobjects/Account', referenceId: 'a', body: { Name: 'Composed' } },
        {
          method: 'POST',
          url: '/services/data/v62.0/sobjects/Contact',
          referenceId: 'c',
          body: { LastName: 'Composed', AccountId: '@{a.id}' },
        },
        { method: 'GET', url: '/services/data/v62.0/sobjects/Contact/@{c.id}?fields=AccountId', referenceId: 'g' },
      ],
    });
    assert.deepEqual(composite.compositeResponse.map((one) => one.httpStatusCode), [201, 201, 200]);
    const [account, contact, read] = composite.compositeResponse.map((one) => one.body);
    assert.equal(read.AccountId, account.id);
    assert.equal(composite.compositeResponse[1].referenceId, 'c');
    const batch = await conn.requestPost('/composite/batch', {
      batchRequests: [
        { method: 'PATCH', url: `v62.0/sobjects/Contact/${contact.id}`, richInput: { FirstName: 'C' } },
        { method: 'GET', url: 'v62.0/sobjects/Contact/003000000000000AAA' },
      ],
    });
    assert.equal(batch.hasErrors, true);
    assert.deepEqual(batch.results.map((one) => one.statusCode), [204, 404]);
    assert.equal(batch.results[1].result[0].errorCode, 'NOT_FOUND');
    const tree = await conn.requestPost('/composite/tree/Account', {
      records: [
        {
          attributes: { type: 'Account', referenceId: 'root' },
          Name: 'Treed',
          Contacts: { records: [{ attributes: { type: 'Contact', referenceId: 'leaf' }, LastName: 'Treed' }] },
        },
      ],
    });
    assert.equal(tree.hasErrors, false);
    assert.deepEqual(tree.results.map((one) => one.referenceId), ['root', 'leaf']);
    await conn.sobject('Account').destroy([account.id, tree.results[0].id]);
  });

  test('what is not simulated says so', async () => {
    const error = await refusal(conn.request('/services/data/v62.0/wave'));
    assert.equal(error.errorCode, 'NOT_SIMULATED');
    assert.match(error.message, /GET \/services\/data\/v62\.0\/wave/);
  });
});

test('the same over TLS', async () => {
  const other = await connected(tls);
  const made = await other.sobject('Account').create([{ Name: 'By TLS' }, { Name: 'By TLS too' }]);
  assert.ok(made.every((one) => one.success));
  const { totalSize } = await other.query("SELECT Id FROM Account WHERE Name LIKE 'By TLS%'");
  assert.equal(totalSize, 2);
  assert.equal((await other.sobject('Account').destroy(made.map((one) => one.id))).length, 2);
  assert.equal((await other.describe('Account')).fields.length, (await conn.describe('Account')).fields.length);
  assert.notEqual(http, tls);
});
