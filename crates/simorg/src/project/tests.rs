//! Paths of projects and where they belong in a package.

use super::layout::{Role, role};

fn told(path: &str) -> String {
    match role(path) {
        Role::File(place) => place,
        Role::Whole { kind, full_name } => format!("{} {full_name}", kind.name),
        Role::Part { kind, full_name, element } => format!("{} {full_name} {element}", kind.name),
        Role::Inside { resource, path } => format!("in {resource}: {path}"),
        Role::Nothing => "nothing".to_owned(),
    }
}

#[test]
fn files_of_both_formats_find_their_place_in_a_package() {
    for (path, place) in [
        ("main/default/classes/A.cls", "classes/A.cls"),
        ("main/default/classes/deep/down/A.cls-meta.xml", "classes/A.cls-meta.xml"),
        ("main/Application.cls-meta.xml", "classes/Application.cls-meta.xml"),
        ("main/default/objects/A__c/A__c.object-meta.xml", "CustomObject A__c"),
        ("main/default/objects/A__c/fields/F__c.field-meta.xml", "CustomObject A__c fields"),
        (
            "main/default/objects/A__c/validationRules/V.validationRule-meta.xml",
            "CustomObject A__c validationRules",
        ),
        ("objects/A__c.object", "CustomObject A__c"),
        (
            "main/default/objectTranslations/A-de/A-de.objectTranslation-meta.xml",
            "CustomObjectTranslation A-de",
        ),
        (
            "main/default/objectTranslations/A-de/F__c.fieldTranslation-meta.xml",
            "CustomObjectTranslation A-de fields",
        ),
        ("main/default/labels/Mine.labels-meta.xml", "CustomLabels CustomLabels"),
        ("main/default/layouts/A-B %28C%29.layout-meta.xml", "layouts/A-B %28C%29.layout"),
        ("main/default/lwc/thing/thing.js-meta.xml", "lwc/thing/thing.js-meta.xml"),
        ("main/default/lwc/thing/thing.html", "lwc/thing/thing.html"),
        ("main/default/lwc/jsconfig.json", "nothing"),
        ("main/default/aura/Thing/Thing.cmp", "aura/Thing/Thing.cmp"),
        ("main/default/staticresources/site.resource-meta.xml", "staticresources/site.resource-meta.xml"),
        ("main/default/staticresources/site/css/a.css", "in site: css/a.css"),
        ("main/default/staticresources/logo.png", "staticresources/logo.resource"),
        ("main/default/reports/F.reportFolder-meta.xml", "reports/F-meta.xml"),
        ("main/default/reports/F/G/R.report-meta.xml", "reports/F/G/R.report"),
        ("main/default/documents/F/a.png", "documents/F/a.png"),
        ("main/default/documents/F/a.document-meta.xml", "documents/F/a.document-meta.xml"),
        ("main/default/documents/F.documentFolder-meta.xml", "documents/F-meta.xml"),
        ("main/default/email/F/T.email-meta.xml", "email/F/T.email-meta.xml"),
        ("main/default/workflows/A__c.workflow-meta.xml", "Workflow A__c"),
        ("main/default/customMetadata/T.R.md-meta.xml", "customMetadata/T.R.md"),
        ("main/default/sites/S.site-meta.xml", "sites/S.site"),
        ("README.md", "nothing"),
        ("package.xml", "nothing"),
    ] {
        assert_eq!(told(path), place, "{path}");
    }
}
