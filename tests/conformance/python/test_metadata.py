"""The Metadata API: through zeep and the WSDL that the client brings, and its own retrieve and deploy."""

import io
import zipfile

import pytest

from conftest import USER, VERSION, ToHttp

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


@pytest.fixture(scope="module")
def md(connect):
    return connect(**USER, security_token="")


@pytest.fixture(scope="module")
def mdapi(md, way):
    client = md.mdapi
    if way == "http":
        client._client.transport.session.mount("https://", ToHttp())
    return client


def package(types):
    written = "".join(
        f"<types>{''.join(f'<members>{one}</members>' for one in members)}<name>{name}</name></types>"
        for name, members in types.items()
    )
    return f"{HEAD}<Package {NAMESPACE}>{written}<version>{VERSION}</version></Package>"


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer


def a_class(name):
    meta = f"{HEAD}<ApexClass {NAMESPACE}><apiVersion>{VERSION}</apiVersion><status>Active</status></ApexClass>"
    return {f"classes/{name}.cls": f"public class {name} {{}}", f"classes/{name}.cls-meta.xml": meta}


def deployed(md, files, **options):
    started = md.deploy(zipped(files), sandbox=True, **{"rollbackOnError": True, **options})
    assert started["asyncId"].startswith("0Af")
    told = md.checkDeployStatus(started["asyncId"])
    while told["state"] in ("Pending", "InProgress"):
        told = md.checkDeployStatus(started["asyncId"])
    return told


def retrieved(mdapi, types):
    id, _ = mdapi.retrieve("", unpackaged=types)
    assert id.startswith("09S")
    state, error, messages = mdapi.check_retrieve_status(id)
    while state in ("Pending", "InProgress"):
        state, error, messages = mdapi.check_retrieve_status(id)
    assert (state, error) == ("Succeeded", None)
    state, _, _, content = mdapi.retrieve_zip(id)
    assert state == "Succeeded"
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_what_there_is(mdapi):
    described = mdapi.describe_metadata()
    types = {item.xmlName: item for item in described.metadataObjects}
    assert {"ApexClass", "CustomObject", "Layout", "Profile", "Flow"} <= set(types)
    assert (types["ApexClass"].directoryName, types["ApexClass"].suffix, types["ApexClass"].metaFile) == (
        "classes", "cls", True,
    )
    assert "CustomField" in types["CustomObject"].childXmlNames
    assert types["Report"].inFolder is True
    assert described.partialSaveAllowed is True
    assert described.testRequired is False
    listed = mdapi.list_metadata([mdapi.ListMetadataQuery(type="ApexClass")])
    assert len(listed) > 0
    assert all(item.fileName == f"classes/{item.fullName}.cls" for item in listed)
    assert all(item.id.startswith("01p") for item in listed)
    assert all(item.lastModifiedDate.utcoffset() is not None for item in listed)
    two = mdapi.list_metadata([mdapi.ListMetadataQuery(type="CustomObject"), mdapi.ListMetadataQuery(type="Flow")])
    assert {item.type for item in two} == {"CustomObject", "Flow"}
    assert {"Account", "Project__c"} <= {item.fullName for item in two}


def test_an_object_is_made_changed_and_deleted(sf, mdapi):
    made = mdapi.CustomObject(
        fullName="Judged__c",
        label="Judged",
        pluralLabel="Judged",
        nameField=mdapi.CustomField(label="Name", type=mdapi.FieldType("Text")),
        deploymentStatus=mdapi.DeploymentStatus("Deployed"),
        sharingModel=mdapi.SharingModel("ReadWrite"),
    )
    mdapi.CustomObject.create(made)
    with pytest.raises(Exception, match="DUPLICATE_DEVELOPER_NAME"):
        mdapi.CustomObject.create(made)
    read = mdapi.CustomObject.read("Judged__c")
    assert read.fullName == "Judged__c"
    assert read.label == "Judged"
    assert read.nameField.type == "Text"
    field = mdapi.CustomField(
        fullName="Judged__c.Score__c", label="Score", type=mdapi.FieldType("Number"), precision=6, scale=2
    )
    mdapi.CustomField.create(field)
    assert mdapi.CustomField.read("Judged__c.Score__c").precision == 6
    field.label = "Final"
    mdapi.CustomField.update(field)
    assert mdapi.CustomField.read("Judged__c.Score__c").label == "Final"
    field.label = "Last"
    mdapi.CustomField.upsert(field)
    assert mdapi.CustomField.read("Judged__c.Score__c").label == "Last"
    described = {one["name"]: one for one in sf.Judged__c.describe()["fields"]}
    assert (described["Score__c"]["precision"], described["Score__c"]["scale"]) == (6, 2)
    id = sf.Judged__c.create({"Name": "J", "Score__c": 1.5})["id"]
    assert sf.Judged__c.get(id)["Score__c"] == 1.5
    mdapi.CustomField.delete("Judged__c.Score__c")
    assert "Score__c" not in sf.Judged__c.get(id)
    mdapi.CustomObject.delete("Judged__c")
    assert mdapi.CustomObject.read("Judged__c").fullName is None


def test_a_class_is_deployed_retrieved_and_removed(md, mdapi):
    files = {"package.xml": package({"ApexClass": ["FromPython"]}), **a_class("FromPython")}
    checked = deployed(md, files, checkOnly=True)
    assert checked["state"] == "Succeeded"
    assert checked["deployment_detail"] == {
        "total_count": "1", "failed_count": "0", "deployed_count": "1", "errors": [],
    }
    assert checked["unit_test_detail"]["failed_count"] == "0"
    assert "classes/FromPython.cls" not in retrieved(mdapi, {"ApexClass": ["*"]})
    assert deployed(md, files, testLevel="NoTestRun")["state"] == "Succeeded"
    found = retrieved(mdapi, {"ApexClass": ["FromPython"], "CustomObject": ["Project__c"]})
    assert found["classes/FromPython.cls"] == "public class FromPython {}"
    assert "<status>Active</status>" in found["classes/FromPython.cls-meta.xml"]
    assert "<fullName>Budget__c</fullName>" in found["objects/Project__c.object"]
    assert "<members>FromPython</members>" in found["package.xml"]
    removing = {"package.xml": package({}), "destructiveChanges.xml": package({"ApexClass": ["FromPython"]})}
    assert deployed(md, removing)["state"] == "Succeeded"
    assert set(retrieved(mdapi, {"ApexClass": ["FromPython"]})) == {"package.xml"}


def test_a_deploy_that_fails_leaves_nothing(md, mdapi):
    wrong = (
        f"{HEAD}<CustomObject {NAMESPACE}><fields><fullName>Endless__c</fullName><label>E</label>"
        "<type>Text</type></fields></CustomObject>"
    )
    files = {
        "package.xml": package({"ApexClass": ["Good"], "CustomObject": ["Team__c"]}),
        "objects/Team__c.object": wrong,
        **a_class("Good"),
    }
    told = deployed(md, files)
    assert told["state"] == "Failed"
    assert told["deployment_detail"]["failed_count"] == "1"
    [error] = told["deployment_detail"]["errors"]
    assert (error["type"], error["file"], error["status"]) == ("CustomField", "objects/Team__c.object", "Error")
    assert "length" in error["message"]
    assert "classes/Good.cls" not in retrieved(mdapi, {"ApexClass": ["Good"]})
    missing = deployed(md, {"package.xml": package({"ApexClass": ["Forgotten"]})})
    assert missing["state"] == "Failed"
    assert (
        missing["deployment_detail"]["errors"][0]["message"]
        == "An object 'Forgotten' of type ApexClass was named in package.xml, but was not found in zipped directory"
    )
