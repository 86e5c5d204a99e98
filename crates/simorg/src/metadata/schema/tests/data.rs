//! What a deploy means for rows: which it finds, fills and refuses.

use crate::SimOrg;

use super::{messages, org, part, put};

#[test]
fn a_big_object_is_found_along_the_index_that_was_deployed() {
    let org = org();
    let field = |name: &str, more: &str| {
        format!(
            "<fields><fullName>{name}__c</fullName><label>{name}</label>{more}<required>true</required></fields>"
        )
    };
    let xml = [
        "<CustomObject><deploymentStatus>Deployed</deploymentStatus><label>Log</label><pluralLabel>Logs</pluralLabel>",
        &field("Alpha", "<length>40</length><type>Text</type>"),
        &field("Beta", "<length>40</length><type>Text</type>"),
        "<indexes><fullName>I</fullName><fields><name>Beta__c</name><sortDirection>ASC</sortDirection></fields>",
        "<fields><name>Alpha__c</name><sortDirection>DESC</sortDirection></fields><label>I</label></indexes></CustomObject>",
    ];
    assert_eq!(messages(&put(&org, &[part("CustomObject", "Log__b", &xml.concat())])), Vec::<String>::new());

    let view = org.admin_view();
    let context = crate::soql::Context { view: &view, version: 67, today: org.now().date_naive() };
    for (condition, is_right) in
        [("Beta__c = 'x'", true), ("Beta__c = 'x' AND Alpha__c > 'y'", true), ("Alpha__c = 'x'", false)]
    {
        let planned = crate::soql::plan(&format!("SELECT Beta__c FROM Log__b WHERE {condition}"), context);
        assert_eq!(planned.is_ok(), is_right, "{condition}: {:?}", planned.err());
    }
}

#[test]
fn a_roll_up_that_is_deployed_or_changed_tells_of_the_details_that_are_there() {
    let org = SimOrg::new().bare().records("Project__c", 3).records("Invoice__c", 6).build().unwrap();
    let insert = |object: &str, values: serde_json::Value| {
        let values = values.as_object().unwrap().clone();
        org.write(&org.admin(), |work| work.insert(object, &values)).unwrap()
    };
    let written = insert("Project__c", serde_json::json!({"Name": "P"}));
    let generated = crate::model::ids::record_id("a00", 1);
    for (project, net) in [(&written, 5), (&written, 50), (&generated, 500)] {
        insert("Invoice__c", serde_json::json!({"Project__c": project, "Net__c": net}));
    }
    let moved = crate::model::ids::record_id("a01", 2);
    org.write(&org.admin(), |work| work.delete(&moved)).unwrap();
    let count = |filter: &str| {
        let xml = format!(
            "<CustomField><fullName>Bills__c</fullName><label>Bills</label><summaryForeignKey>Invoice__c.Project__c</summaryForeignKey>\
             {filter}<summaryOperation>count</summaryOperation><type>Summary</type></CustomField>"
        );
        part("CustomField", "Project__c.Bills__c", &xml)
    };
    let counts = || {
        let view = org.admin_view();
        let object = view.object("Project__c").unwrap();
        let mut all = Vec::new();
        view.scan(&object, crate::state::Scan::default(), &mut |row| {
            // A roll-up that was there all the time tells what is right.
            let old = row.value_of("Invoice_Count__c").as_f64();
            all.push((row.value_of("Bills__c").as_f64(), old));
            std::ops::ControlFlow::Continue(())
        });
        all
    };

    assert_eq!(messages(&put(&org, &[count("")])), Vec::<String>::new());
    assert_eq!(counts(), [Some(3.0), Some(1.0), Some(2.0), Some(2.0)].map(|count| (count, count)));

    let filter = "<summaryFilterItems><field>Invoice__c.Net__c</field><operation>greaterThan</operation><value>499</value></summaryFilterItems>";
    put(&org, &[count(filter)]);
    assert_eq!(counts()[3].0, Some(0.0), "none of the written project's invoices is that large");
}

#[test]
fn records_of_custom_metadata_are_checked_as_rows_are() {
    let org = org();
    let kind = "<CustomObject><label>Rate</label><pluralLabel>Rates</pluralLabel><visibility>Public</visibility>\
                <fields><fullName>Rate__c</fullName><label>Rate</label><precision>4</precision><scale>2</scale><type>Number</type></fields>\
                <fields><fullName>Code__c</fullName><label>Code</label><length>3</length><required>true</required><type>Text</type></fields>\
                <fields><fullName>Next__c</fullName><label>Next</label><type>MetadataRelationship</type>\
                <referenceTo>Rate__mdt</referenceTo></fields></CustomObject>";
    put(&org, &[part("CustomObject", "Rate__mdt", kind)]);
    let record = |values: &[(&str, &str)]| {
        let values: Vec<String> = values
            .iter()
            .map(|(field, value)| format!("<values><field>{field}</field><value>{value}</value></values>"))
            .collect();
        let xml = format!("<CustomMetadata><label>L</label>{}</CustomMetadata>", values.concat());
        messages(&put(&org, &[part("CustomMetadata", "Rate.A", &xml)]))
    };
    for (values, problem) in [
        (vec![("Code__c", "a"), ("Rate__c", "abc")], "Rate"),
        (vec![("Code__c", "a"), ("Rate__c", "nan")], "Rate"),
        (vec![("Code__c", "abcd")], "Code"),
        (vec![("Rate__c", "1")], "Required fields are missing: [Code__c]"),
        (vec![("Code__c", "a"), ("Code__c", "b")], "Duplicate field: Code__c"),
        (vec![("Code__c", "a"), ("Next__c", "Nobody")], "no CustomMetadata named Rate.Nobody found"),
    ] {
        let told = record(&values);
        assert!(told.len() == 1 && told[0].contains(problem), "{values:?}: {told:?}");
    }
    assert_eq!(record(&[("Code__c", "a"), ("Rate__c", "1.5"), ("Next__c", "A")]), Vec::<String>::new());
}
