// Metadata: a manifest from the org, retrieve and deploy.
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { assert, bad, file, good, loginByToken, path, rest, text, tooling, xml } from '../sf.mjs';

const CLASSES = "SELECT Id FROM ApexClass WHERE Name = 'FromSf'";
const deploy = 'project deploy start --source-dir deployed --wait 5';

describe('project', () => {
  test('a manifest from the org, and a retrieve by it', async () => {
    await loginByToken();
    await good('project generate manifest --from-org sim --name all');
    const manifest = text('all.xml');
    for (const name of ['ApexClass', 'CustomObject', 'CustomField', 'Layout', 'Profile', 'StandardValueSet']) {
      assert.match(manifest, new RegExp(`<name>${name}</name>`));
    }
    assert.match(manifest, /<members>Project__c<\/members>/);
    assert.match(manifest, /<members>AccountService<\/members>/);
    const result = await good('project retrieve start --manifest all.xml --wait 10');
    assert.equal(result.status, 'Succeeded');
    assert.equal(result.success, true);
    assert.ok(result.files.length > 300, `${result.files.length} files`);
    assert.deepEqual(result.files.filter((one) => one.state === 'Failed'), []);
    const base = 'force-app/main/default';
    assert.match(text(`${base}/classes/AccountService.cls`), /class AccountService/);
    assert.match(text(`${base}/objects/Project__c/fields/Budget__c.field-meta.xml`), /<type>Currency<\/type>/);
    assert.match(text(`${base}/objects/Team__c/validationRules/Motto_Is_Public.validationRule-meta.xml`), /CONFIDENTIAL/);
    assert.ok(existsSync(path(`${base}/profiles/Admin.profile-meta.xml`)));
  });

  test('retrieve by type and name', async () => {
    const line = 'project retrieve start --wait 5 --output-dir some --metadata ApexClass:AccountService';
    const result = await good(line, '--metadata', 'CustomObject:Project__c');
    assert.equal(result.success, true);
    const names = result.files.map((one) => one.fullName);
    assert.ok(names.includes('AccountService'));
    assert.ok(names.includes('Project__c.Budget__c'));
    assert.ok(!names.includes('Team__c'));
  });

  test('deploy: checked only, for good, and failing', async () => {
    file('deployed/classes/FromSf.cls', 'public class FromSf {}');
    file(
      'deployed/classes/FromSf.cls-meta.xml',
      xml('ApexClass', '<apiVersion>62.0</apiVersion><status>Active</status>'),
    );
    file(
      'deployed/objects/Team__c/fields/Ours__c.field-meta.xml',
      xml('CustomField', '<fullName>Ours__c</fullName><label>Ours</label><type>Text</type><length>40</length>'),
    );
    const checked = await good(`${deploy} --dry-run`);
    assert.equal(checked.checkOnly, true);
    assert.equal(checked.status, 'Succeeded');
    assert.equal((await tooling(CLASSES)).size, 0);
    const done = await good(deploy);
    assert.equal(done.status, 'Succeeded');
    assert.match(done.id, /^0Af\w{15}$/);
    assert.equal(done.numberComponentsDeployed, 2);
    assert.ok(done.files.some((one) => one.fullName === 'FromSf' && one.state === 'Created'));
    assert.ok(done.files.some((one) => one.fullName === 'Team__c.Ours__c' && one.type === 'CustomField'));
    assert.equal((await tooling(CLASSES)).size, 1);
    const { fields } = await rest('GET', '/sobjects/Team__c/describe');
    assert.equal(fields.find((one) => one.name === 'Ours__c').length, 40);

    file(
      'deployed/objects/Team__c/fields/Endless__c.field-meta.xml',
      xml('CustomField', '<fullName>Endless__c</fullName><label>E</label><type>Text</type>'),
    );
    const failed = await bad(deploy);
    assert.equal(failed.result.status, 'Failed');
    assert.equal(failed.result.success, false);
    const [failure] = [failed.result.details.componentFailures].flat();
    assert.equal(failure.fullName, 'Team__c.Endless__c');
    assert.equal(failure.componentType, 'CustomField');
    assert.match(failure.problem, /length/);
  });
});
