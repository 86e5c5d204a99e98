//! `package.xml` and its relatives: which members of which types a package is about.

use crate::xml::Element;

use super::NAMESPACE;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The name of the package that is deployed into; without it components stay unpackaged.
    pub package: Option<String>,
    /// In the order of the document; a type may come twice.
    pub types: Vec<(String, Vec<String>)>,
    pub version: Option<String>,
}

impl Manifest {
    pub(super) fn of_xml(xml: &Element) -> Manifest {
        let text = |name: &str| xml.text_of(name).map(str::trim).filter(|text| !text.is_empty());
        let types = xml.all("types").map(|kind| {
            let name = kind.text_of("name").unwrap_or_default().trim().to_owned();
            (name, kind.all("members").map(|member| member.text.trim().to_owned()).collect())
        });
        Manifest {
            package: text("fullName").map(str::to_owned),
            types: types.collect(),
            version: text("version").map(str::to_owned),
        }
    }

    /// Type and member, one by one.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.types
            .iter()
            .flat_map(|(kind, members)| members.iter().map(move |member| (kind.as_str(), member.as_str())))
    }

    /// Whether a component is named, by itself or by `*`.
    pub(super) fn covers(&self, kind: &str, full_name: &str) -> bool {
        self.members().any(|(of, member)| of == kind && (member == "*" || member == full_name))
    }

    /// A package.xml in this version.
    pub(super) fn document(&self, version: &str) -> String {
        let mut xml = Element::new("Package").attribute("xmlns", NAMESPACE);
        if let Some(name) = &self.package {
            xml = xml.with(Element::leaf("fullName", name));
        }
        for (kind, members) in &self.types {
            let members = members.iter().map(|member| Element::leaf("members", member));
            xml = xml.with(Element::new("types").with_all(members).with(Element::leaf("name", kind)));
        }
        xml.with(Element::leaf("version", version)).to_document()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_and_written() {
        let text = "<Package xmlns='x'><types><members>A</members><members> B </members><name>ApexClass</name></types>
            <types><members>*</members><name>Flow</name></types><version>60.0</version></Package>";
        let manifest = Manifest::of_xml(&Element::parse(text.as_bytes()).unwrap());

        assert_eq!(manifest.version.as_deref(), Some("60.0"));
        assert!(manifest.covers("ApexClass", "B") && manifest.covers("Flow", "Any"));
        assert!(!manifest.covers("ApexClass", "C"));
        let again = Element::parse(manifest.document("60.0").as_bytes()).unwrap();
        assert_eq!(Manifest::of_xml(&again), manifest);
    }
}
