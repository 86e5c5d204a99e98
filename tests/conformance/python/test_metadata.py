"""The Metadata API through zeep and the WSDL that the client brings."""

import pytest
from requests.adapters import HTTPAdapter

from conftest import ToOrg


@pytest.fixture(scope="module")
def mdapi(sf, base):
    client = sf.mdapi
    http = client._client.transport.session
    http.mount("https://", ToOrg(base))
    http.mount("http://", HTTPAdapter())
    http.verify = sf.session.verify
    return client


def test_metadata_is_described_and_listed(mdapi):
    described = mdapi.describe_metadata()
    types = {item.xmlName for item in described.metadataObjects}
    assert {"ApexClass", "CustomObject", "Layout", "Profile"} <= types
    assert described.partialSaveAllowed is True
    listed = mdapi.list_metadata([mdapi.ListMetadataQuery(type="ApexClass")])
    assert len(listed) > 0
    assert all(item.fileName.startswith("classes/") for item in listed)


def test_an_object_is_made_read_and_deleted(mdapi):
    made = mdapi.CustomObject(
        fullName="Judged__c",
        label="Judged",
        pluralLabel="Judged",
        nameField=mdapi.CustomField(label="Name", type=mdapi.FieldType("Text")),
        deploymentStatus=mdapi.DeploymentStatus("Deployed"),
        sharingModel=mdapi.SharingModel("ReadWrite"),
    )
    mdapi.CustomObject.create(made)
    read = mdapi.CustomObject.read("Judged__c")
    assert read.fullName == "Judged__c"
    assert read.label == "Judged"
    mdapi.CustomObject.delete("Judged__c")
    assert mdapi.CustomObject.read("Judged__c").fullName is None
