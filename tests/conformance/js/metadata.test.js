// Metadata API: describe, list, read, the CRUD calls, retrieve and deploy by zip.
'use strict';

const { before, describe, test } = require('node:test');
const assert = require('../assertions.cjs');
const { strFromU8, strToU8, unzipSync, zipSync } = require('fflate');
const { VERSION, connected, refusal, tls } = require('./org');

let conn;
before(async () => {
  conn = await connected();
});

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"';

const manifest = (types) => {
  const written = Object.entries(types).map(
    ([type, members]) => `<types>${members.map((one) => `<members>${one}</members>`).join('')}<name>${type}</name></types>`,
  );
  return `${HEAD}<Package ${NAMESPACE}>${written.join('')}<version>${VERSION}</version></Package>`;
};

const zipped = (files) =>
  Buffer.from(zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)]))));

const apexClass = (name, body = `public class ${name} {}`) => ({
  [`classes/${name}.cls`]: body,
  [`classes/${name}.cls-meta.xml`]:
    `${HEAD}<ApexClass ${NAMESPACE}><apiVersion>${VERSION}</apiVersion><status>Active</status></ApexClass>`,
});

async function retrieved(types, on = conn) {
  const unpackaged = { types: Object.entries(types).map(([name, members]) => ({ name, members })), version: VERSION };
  const result = await on.metadata.retrieve({ apiVersion: VERSION, singlePackage: true, unpackaged }).complete();
  assert.equal(result.success, true);
  const files = unzipSync(Buffer.from(result.zipFile, 'base64'));
  return { result, files: Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, strFromU8(bytes)])) };
}

const deployed = (files, options = {}, on = conn) =>
  on.metadata.deploy(zipped(files), { rollbackOnError: true, singlePackage: true, ...options }).complete(true);

const listOf = (value) => [value ?? []].flat();

describe('what there is', () => {
  test('describe', async () => {
    const { metadataObjects, organizationNamespace, partialSaveAllowed, testRequired } =
      await conn.metadata.describe(VERSION);
    const type = (name) => metadataObjects.find((one) => one.xmlName === name);
    assert.ok(metadataObjects.length > 150);
    assert.deepEqual(type('ApexClass'), {
      childXmlNames: [],
      directoryName: 'classes',
      inFolder: false,
      metaFile: true,
      suffix: 'cls',
      xmlName: 'ApexClass',
    });
    assert.ok(type('CustomObject').childXmlNames.includes('CustomField'));
    assert.equal(type('Report').inFolder, true);
    assert.equal(typeof partialSaveAllowed, 'boolean');
    assert.equal(testRequired, false);
    assert.ok(!organizationNamespace);
  });

  test('list, of one and of several types', async () => {
    const objects = await conn.metadata.list({ type: 'CustomObject' }, VERSION);
    const project = objects.find((one) => one.fullName === 'Project__c');
    assert.equal(project.type, 'CustomObject');
    assert.equal(project.fileName, 'objects/Project__c.object');
    assert.match(project.createdById, /^005\w{15}$/);
    assert.ok(!Number.isNaN(Date.parse(project.lastModifiedDate)));
    assert.ok(objects.some((one) => one.fullName === 'Account'));
    const several = await conn.metadata.list([{ type: 'ApexClass' }, { type: 'Layout' }], VERSION);
    assert.ok(several.some((one) => one.type === 'ApexClass'));
    assert.ok(several.some((one) => one.type === 'Layout'));
    const folder = await conn.metadata.list({ type: 'ReportFolder' }, VERSION);
    assert.ok(folder.length > 0);
    const error = await refusal(conn.metadata.list([1, 2, 3, 4].map(() => ({ type: 'ApexClass' })), VERSION));
    assert.match(error.message, /EXCEEDED_ID_LIMIT|three|3/);
  });

  test('read, one and several, also what is not there', async () => {
    const account = await conn.metadata.read('CustomObject', 'Project__c');
    assert.equal(account.fullName, 'Project__c');
    assert.equal(account.label, 'Project');
    assert.equal(account.nameField.type, 'Text');
    const budget = account.fields.find((field) => field.fullName === 'Budget__c');
    assert.equal(budget.type, 'Currency');
    const fields = await conn.metadata.read('CustomField', ['Project__c.Budget__c', 'Project__c.Stage__c']);
    assert.equal(fields.length, 2);
    assert.equal(fields[1].type, 'Picklist');
    const nothing = await conn.metadata.read('CustomObject', 'Nope__c');
    assert.equal(nothing.fullName, undefined);
    assert.deepEqual(nothing.fields, []);
  });
});

describe('CRUD calls', () => {
  test('an object and its field: create, update, upsert, rename, delete', async () => {
    const object = {
      fullName: 'Judged__c',
      label: 'Judged',
      pluralLabel: 'Judged',
      deploymentStatus: 'Deployed',
      sharingModel: 'ReadWrite',
      nameField: { type: 'Text', label: 'Judged Name' },
    };
    const made = await conn.metadata.create('CustomObject', object);
    assert.deepEqual([made.fullName, made.success], ['Judged__c', true]);
    const again = await conn.metadata.create('CustomObject', object);
    assert.equal(again.success, false);
    assert.equal(listOf(again.errors)[0].statusCode, 'DUPLICATE_DEVELOPER_NAME');

    const field = { fullName: 'Judged__c.Score__c', label: 'Score', type: 'Number', precision: 6, scale: 2 };
    const [first, second] = await conn.metadata.create('CustomField', [
      field,
      { fullName: 'Judged__c.Wrong__c', label: 'Wrong', type: 'Text' },
    ]);
    assert.equal(first.success, true);
    assert.equal(second.success, false);
    assert.equal(listOf(second.errors)[0].statusCode, 'REQUIRED_FIELD_MISSING');
    const described = await conn.sobject('Judged__c').describe();
    assert.equal(described.fields.find((one) => one.name === 'Score__c').precision, 6);
    const { id } = await conn.sobject('Judged__c').create({ Name: 'J', Score__c: 1.5 });
    assert.equal((await conn.sobject('Judged__c').retrieve(id)).Score__c, 1.5);

    const changed = await conn.metadata.update('CustomField', { ...field, label: 'Final Score' });
    assert.equal(changed.success, true);
    assert.equal((await conn.metadata.read('CustomField', 'Judged__c.Score__c')).label, 'Final Score');
    const upserted = await conn.metadata.upsert('CustomField', [
      { ...field, label: 'Score again' },
      { fullName: 'Judged__c.Extra__c', label: 'Extra', type: 'Checkbox', defaultValue: false },
    ]);
    assert.deepEqual(upserted.map((one) => [one.success, one.created]), [
      [true, false],
      [true, true],
    ]);
    const gone = await conn.metadata.delete('CustomField', ['Judged__c.Extra__c', 'Judged__c.Never__c']);
    assert.deepEqual(gone.map((one) => one.success), [true, false]);
    assert.equal((await conn.metadata.delete('CustomObject', 'Judged__c')).success, true);
    assert.equal((await refusal(conn.describe('Judged__c'))).errorCode, 'NOT_FOUND');
  });

  test('a label', async () => {
    const label = { fullName: 'Judge', value: 'Judge', language: 'en_US', protected: false, shortDescription: 'J' };
    assert.equal((await conn.metadata.upsert('CustomLabel', label)).created, true);
    assert.equal((await conn.metadata.read('CustomLabel', 'Judge')).value, 'Judge');
    assert.equal((await conn.metadata.delete('CustomLabel', 'Judge')).success, true);
  });
});

describe('retrieve', () => {
  test('a zip of what the manifest names, and messages for what is not there', async () => {
    const { files, result } = await retrieved({ ApexClass: ['*', 'NoSuchClass'], CustomObject: ['Project__c'] });
    assert.ok(Object.keys(files).some((path) => /^classes\/\w+\.cls$/.test(path)));
    assert.ok(Object.keys(files).some((path) => /^classes\/\w+\.cls-meta\.xml$/.test(path)));
    assert.match(files['objects/Project__c.object'], /<fullName>Budget__c<\/fullName>/);
    assert.match(files['package.xml'], /<members>Project__c<\/members>/);
    assert.match(files['package.xml'], new RegExp(`<version>${VERSION}</version>`));
    const properties = listOf(result.fileProperties);
    assert.ok(properties.some((one) => one.fullName === 'Project__c' && one.type === 'CustomObject'));
    const [message] = listOf(result.messages);
    assert.match(message.problem, /Entity of type 'ApexClass' named 'NoSuchClass' cannot be found/);
  });

  test('as a stream', async () => {
    const unpackaged = { types: [{ name: 'ApexClass', members: '*' }], version: VERSION };
    const pieces = [];
    for await (const piece of conn.metadata.retrieve({ apiVersion: VERSION, unpackaged }).stream()) pieces.push(piece);
    const files = unzipSync(Buffer.concat(pieces));
    assert.ok(files['unpackaged/package.xml']);
  });
});

describe('deploy', () => {
  test('a class: checked only, then for good, then removed', async () => {
    const files = { 'package.xml': manifest({ ApexClass: ['JudgedClass'] }), ...apexClass('JudgedClass') };
    const checked = await deployed(files, { checkOnly: true });
    assert.equal(checked.status, 'Succeeded');
    assert.equal(checked.checkOnly, true);
    assert.equal(checked.numberComponentsDeployed, 1);
    const list = async () => listOf(await conn.metadata.list({ type: 'ApexClass' }, VERSION));
    assert.ok(!(await list()).some((one) => one.fullName === 'JudgedClass'));

    const done = await deployed(files);
    assert.equal(done.success, true);
    assert.equal(done.done, true);
    assert.match(done.id, /^0Af\w{15}$/);
    const successes = listOf(done.details.componentSuccesses);
    const component = successes.find((one) => one.fullName === 'JudgedClass');
    assert.equal(component.componentType, 'ApexClass');
    assert.equal(String(component.created), 'true');
    assert.match(component.id, /^01p\w{15}$/);
    assert.ok((await list()).some((one) => one.fullName === 'JudgedClass'));
    const { files: read } = await retrieved({ ApexClass: ['JudgedClass'] });
    assert.match(read['classes/JudgedClass.cls'], /public class JudgedClass/);

    const removed = await deployed({
      'package.xml': manifest({}),
      'destructiveChanges.xml': manifest({ ApexClass: ['JudgedClass'] }),
    });
    assert.equal(removed.status, 'Succeeded');
    assert.equal(String(listOf(removed.details.componentSuccesses)[0].deleted), 'true');
    assert.ok(!(await list()).some((one) => one.fullName === 'JudgedClass'));
  });

  test('a failing component takes the others with it', async () => {
    const field = (name) => `<fields><fullName>${name}</fullName><label>${name}</label><type>Text</type>`;
    const files = {
      'package.xml': manifest({ ApexClass: ['GoodClass'], CustomObject: ['Team__c'] }),
      ...apexClass('GoodClass'),
      'objects/Team__c.object': `${HEAD}<CustomObject ${NAMESPACE}>${field('Endless__c')}</fields></CustomObject>`,
    };
    const failed = await deployed(files);
    assert.equal(failed.status, 'Failed');
    assert.equal(failed.success, false);
    assert.equal(failed.numberComponentErrors, 1);
    const [failure] = listOf(failed.details.componentFailures);
    assert.equal(failure.fullName, 'Team__c.Endless__c');
    assert.equal(failure.problemType, 'Error');
    assert.match(failure.problem, /length/i);
    const { files: read } = await retrieved({ ApexClass: ['GoodClass'] });
    assert.equal(read['classes/GoodClass.cls'], undefined);

    const missing = await deployed({ 'package.xml': manifest({ ApexClass: ['Forgotten'] }) });
    assert.equal(missing.status, 'Failed');
    assert.match(
      listOf(missing.details.componentFailures)[0].problem,
      /An object 'Forgotten' of type ApexClass was named in package\.xml, but was not found in zipped directory/,
    );
  });

  test('a field takes effect, by REST and over TLS', async () => {
    const other = await connected(tls);
    const files = {
      'package.xml': manifest({ CustomField: ['Team__c.Deployed__c'] }),
      'objects/Team__c.object':
        `${HEAD}<CustomObject ${NAMESPACE}><fields><fullName>Deployed__c</fullName><label>Deployed</label>` +
        '<length>40</length><type>Text</type></fields></CustomObject>',
    };
    const done = await other.metadata.deploy(zipped(files), { rest: true, singlePackage: true }).complete(true);
    assert.equal(done.status, 'Succeeded');
    assert.equal((await other.describe('Team__c')).fields.find((one) => one.name === 'Deployed__c').length, 40);
    const { files: read } = await retrieved({ CustomField: ['Team__c.Deployed__c'] }, other);
    assert.match(read['objects/Team__c.object'], /<length>40<\/length>/);
  });
});
