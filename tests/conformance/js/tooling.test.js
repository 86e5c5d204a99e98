// Tooling API, and the calls that jsforce makes by SOAP.
'use strict';

const { before, describe, test } = require('node:test');
const assert = require('../assertions.cjs');
const { USER, connected, refusal } = require('./org');

let conn;
before(async () => {
  conn = await connected();
});

describe('tooling', () => {
  test('describe', async () => {
    const { sobjects } = await conn.tooling.describeGlobal();
    assert.ok(sobjects.some((one) => one.name === 'EntityDefinition'));
    const apex = await conn.tooling.describe('ApexClass');
    assert.equal(apex.name, 'ApexClass');
    assert.ok(apex.fields.some((field) => field.name === 'Body'));
    assert.equal((await refusal(conn.tooling.describe('SourceMember'))).errorCode, 'NOT_FOUND');
  });

  test('queries on definitions', async () => {
    const entities = await conn.tooling.query(
      "SELECT DurableId, QualifiedApiName, Label, KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Project__c'",
    );
    assert.equal(entities.records[0].QualifiedApiName, 'Project__c');
    assert.equal(entities.records[0].KeyPrefix, 'a00');
    const fields = await conn.tooling.query(
      "SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Project__c'",
    );
    const budget = fields.records.find((one) => one.QualifiedApiName === 'Budget__c');
    assert.equal(budget.DataType, 'Currency(14, 2)');
    const rules = await conn.tooling.query("SELECT ValidationName, Active FROM ValidationRule");
    assert.ok(rules.records.some((one) => one.ValidationName === 'Motto_Is_Public' && one.Active === true));
  });

  test('code: found, retrieved, and its row', async () => {
    const classes = await conn.tooling.sobject('ApexClass').find({ Status: 'Active' }, ['Id', 'Name', 'Body']);
    assert.ok(classes.length > 0);
    const [first] = classes;
    assert.match(first.Id, /^01p\w{15}$/);
    const row = await conn.tooling.sobject('ApexClass').retrieve(first.Id);
    assert.equal(row.Name, first.Name);
    assert.equal(row.Body, first.Body);
  });

  test('refusals', async () => {
    const error = await refusal(conn.tooling.query('SELECT Id FROM Nothing'));
    assert.equal(error.errorCode, 'INVALID_TYPE');
    const anonymous = await refusal(conn.tooling.executeAnonymous('System.debug(1);'));
    assert.ok(anonymous.errorCode);
  });
});

describe('SOAP', () => {
  test('who and when', async () => {
    const user = await conn.soap.getUserInfo();
    assert.equal(user.userName, USER);
    assert.match(user.organizationId, /^00D\w{15}$/);
    const { timestamp } = await conn.soap.getServerTimestamp();
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
  });

  test('create, update, upsert, delete, undelete, emptyRecycleBin', async () => {
    const made = await conn.soap.create([
      { type: 'Project__c', Name: 'By SOAP', External_Id__c: 'soap-1' },
      { type: 'Project__c', Name: 'x'.repeat(81) },
    ]);
    assert.equal(made[0].success, true);
    assert.equal(made[1].success, false);
    assert.equal([made[1].errors].flat()[0].statusCode, 'STRING_TOO_LONG');
    const { id } = made[0];
    assert.equal((await conn.soap.update({ type: 'Project__c', Id: id, Name: 'Changed' })).success, true);
    const upserted = await conn.soap.upsert('External_Id__c', {
      type: 'Project__c',
      Name: 'Changed again',
      External_Id__c: 'soap-1',
    });
    assert.equal(upserted.created, false);
    assert.equal(upserted.id, id);
    assert.equal((await conn.sobject('Project__c').retrieve(id)).Name, 'Changed again');
    assert.equal([await conn.soap.delete([id])].flat()[0].success, true);
    assert.equal([await conn.soap.undelete([id])].flat()[0].success, true);
    assert.equal((await conn.sobject('Project__c').retrieve(id)).Name, 'Changed again');
    await conn.soap.delete([id]);
    assert.equal([await conn.soap.emptyRecycleBin([id])].flat()[0].success, true);
    const bin = await conn.query(`SELECT Id FROM Project__c WHERE Id = '${id}'`, { scanAll: true });
    assert.equal(bin.totalSize, 0);
  });

  test('merge', async () => {
    const made = await conn.sobject('Account').create([{ Name: 'Keeper' }, { Name: 'Loser' }]);
    const [keeper, loser] = made.map((one) => one.id);
    const child = await conn.sobject('Contact').create({ LastName: 'Moves', AccountId: loser });
    const merged = await conn.soap.merge({
      masterRecord: { type: 'Account', Id: keeper, Phone: '123' },
      recordToMergeIds: [loser],
    });
    assert.equal(merged.success, true);
    assert.equal(merged.id, keeper);
    assert.deepEqual([merged.mergedRecordIds].flat(), [loser]);
    assert.ok([merged.updatedRelatedIds].flat().includes(child.id));
    assert.equal((await conn.sobject('Contact').retrieve(child.id)).AccountId, keeper);
    assert.equal((await conn.sobject('Account').retrieve(keeper)).Phone, '123');
    const lost = await conn.query(`SELECT MasterRecordId FROM Account WHERE Id = '${loser}'`, { scanAll: true });
    assert.equal(lost.records[0].MasterRecordId, keeper);
    await conn.sobject('Account').destroy(keeper);
  });

  test('convertLead', async () => {
    const { id } = await conn.sobject('Lead').create({ LastName: 'Convert', Company: 'Converted Ltd' });
    const converted = await conn.soap.convertLead({
      leadId: id,
      convertedStatus: 'Closed - Converted',
      doNotCreateOpportunity: true,
    });
    assert.equal(converted.success, true);
    assert.equal(converted.leadId, id);
    assert.match(converted.accountId, /^001\w{15}$/);
    assert.match(converted.contactId, /^003\w{15}$/);
    const lead = await conn.sobject('Lead').retrieve(id);
    assert.equal(lead.IsConverted, true);
    assert.equal(lead.ConvertedAccountId, converted.accountId);
    const again = await refusal(
      conn.soap.convertLead({ leadId: id, convertedStatus: 'Closed - Converted' }).then((result) => {
        if (!result.success) throw new Error([result.errors].flat()[0].message);
      }),
    );
    assert.match(again.message, /converted/i);
  });
});
