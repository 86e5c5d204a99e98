//! describeMetadata and describeValueType.

use crate::soap::{Call, Contents, SoapFault};
use crate::xml::Element;

use super::shapes;
use crate::components::registry::{self, MetadataType};

pub(super) fn describe_metadata() -> Element {
    let mut result = Element::new("result").with_all(registry::all().iter().map(described));
    for (name, text) in
        [("organizationNamespace", ""), ("partialSaveAllowed", "true"), ("testRequired", "false")]
    {
        result = result.with(Element::leaf(name, text));
    }
    result
}

fn described(kind: &MetadataType) -> Element {
    let mut element = Element::new("metadataObjects")
        .with_all(kind.children.iter().map(|child| Element::leaf("childXmlNames", child.name)))
        .with(Element::leaf("directoryName", kind.directory))
        .with(Element::leaf("inFolder", kind.in_folder))
        .with(Element::leaf("metaFile", kind.has_meta_file()));
    if let Some(suffix) = kind.suffix {
        element = element.with(Element::leaf("suffix", suffix));
    }
    element.with(Element::leaf("xmlName", kind.name))
}

/// Describes the types whose elements are known; what Salesforce has besides is not made up.
pub(super) fn describe_value_type(call: &Call) -> Contents {
    let given = call.arguments().text_of("type").map(str::trim).unwrap_or_default();
    // `{http://soap.sforce.com/2006/04/metadata}CustomField`
    let name = given.rsplit('}').next().unwrap_or(given);
    if registry::by_name(name).is_none() && registry::child(name).is_none() {
        return Err(SoapFault::new("INVALID_TYPE", format!("Unknown type:{name}")));
    }
    let Some(elements) = shapes::elements_of(name) else {
        return Err(SoapFault::not_simulated(&format!("describeValueType of {name}")));
    };
    let is_creatable = registry::by_name(name).is_none_or(|kind| kind.layout == registry::Layout::Xml);
    let mut result = Element::new("result").with(Element::leaf("apiCreatable", is_creatable));
    for (flag, is) in
        [("apiDeletable", is_creatable), ("apiReadable", is_creatable), ("apiUpdatable", is_creatable)]
    {
        result = result.with(Element::leaf(flag, is));
    }
    for element in elements {
        let is_name = *element == "fullName";
        let field = Element::new("valueTypeFields")
            .with(Element::leaf("isForeignKey", "false"))
            .with(Element::leaf("isNameField", is_name))
            .with(Element::leaf("minOccurs", u8::from(is_name)))
            .with(Element::leaf("name", element))
            .with(Element::leaf("soapType", "string"))
            .with(Element::leaf("valueRequired", is_name));
        result = result.with(field);
    }
    Ok(vec![result])
}
