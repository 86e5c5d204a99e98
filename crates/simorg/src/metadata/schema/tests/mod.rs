//! Objects from XML, whole: types, references both ways, companions, rows that are metadata, and the way back.

mod data;

use std::sync::Arc;

use crate::SimOrg;
use crate::model::{FieldType, ObjectDef, ObjectKind, OnDelete};
use crate::state::Org;
use crate::xml::Element;

use super::{Author, Part, Problem, apply, remove, write};

fn part(kind: &str, full_name: &str, xml: &str) -> Part {
    let xml = Element::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{full_name}: {error}"));
    Part { kind: kind.to_owned(), full_name: full_name.to_owned(), xml }
}

fn object(name: &str, inner: &str) -> Part {
    let xml = format!(
        "<CustomObject><label>{name}</label><pluralLabel>{name}s</pluralLabel><nameField><label>Its Name</label>\
         <type>Text</type></nameField><sharingModel>ReadWrite</sharingModel>{inner}</CustomObject>"
    );
    part("CustomObject", name, &xml)
}

fn org() -> Arc<Org> {
    SimOrg::new().bare().build().expect("the default org")
}

fn put(org: &Org, parts: &[Part]) -> Vec<Problem> {
    let author = Author { user_id: org.admin().id.clone(), at_ms: org.stamp_ms() };
    let outcome: Result<_, ()> =
        org.change_schema(|snapshot, _| Ok(apply(snapshot, parts, &author, &|_| None)));
    outcome.expect("nothing fails")
}

fn messages(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn def(org: &Org, name: &str) -> Arc<ObjectDef> {
    org.admin_view().object(name).unwrap_or_else(|| panic!("{name} is there"))
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line for each type of field")]
fn every_type_of_field_becomes_what_a_describe_shows() {
    let field = |name: &str, kind: &str, more: &str| {
        format!(
            "<fields><fullName>{name}__c</fullName><label>{name}</label><type>{kind}</type>{more}</fields>"
        )
    };
    let values = "<valueSet><restricted>true</restricted><valueSetDefinition><value><fullName>A</fullName><default>true</default>\
                  <label>Letter A</label></value><value><fullName>B</fullName><isActive>false</isActive></value></valueSetDefinition></valueSet>";
    let inner = [
        field(
            "Text",
            "Text",
            "<length>40</length><unique>true</unique><externalId>true</externalId><caseSensitive>true</caseSensitive>",
        ),
        field("Area", "TextArea", ""),
        field("Long", "LongTextArea", "<length>32768</length><visibleLines>3</visibleLines>"),
        field("Html", "Html", "<length>131072</length>"),
        field("Number", "Number", "<precision>10</precision><scale>3</scale><required>true</required>"),
        field("Money", "Currency", "<precision>18</precision><scale>2</scale><defaultValue>5</defaultValue>"),
        field("Share", "Percent", "<precision>5</precision><scale>2</scale>"),
        field("Check", "Checkbox", "<defaultValue>true</defaultValue>"),
        field("Day", "Date", ""),
        field("At", "DateTime", ""),
        field("Time", "Time", ""),
        field("Mail", "Email", ""),
        field("Phone", "Phone", ""),
        field("Url", "Url", ""),
        field("Pick", "Picklist", values),
        field("Many", "MultiselectPicklist", &format!("<visibleLines>4</visibleLines>{values}")),
        field("Auto", "AutoNumber", "<displayFormat>N-{000}</displayFormat>"),
        field(
            "Place",
            "Location",
            "<scale>5</scale><displayLocationInDecimal>true</displayLocationInDecimal>",
        ),
        field(
            "Secret",
            "EncryptedText",
            "<length>20</length><maskType>lastFour</maskType><maskChar>X</maskChar>",
        ),
        field(
            "Sum",
            "Number",
            "<formula>Number__c * 2</formula><scale>1</scale><formulaTreatBlanksAs>BlankAsBlank</formulaTreatBlanksAs>",
        ),
    ];
    let org = org();
    let problems = put(&org, &[object("Thing__c", &inner.concat())]);
    assert_eq!(messages(&problems), Vec::<String>::new());

    let def = def(&org, "Thing__c");
    let shown: Vec<String> = def
        .fields
        .iter()
        .filter(|field| field.custom)
        .map(|f| {
            let kind = serde_json::to_value(f.kind).unwrap();
            format!("{}:{}({},{},{})", f.name, kind.as_str().unwrap(), f.length, f.precision, f.scale)
        })
        .collect();
    assert_eq!(
        shown.join(" "),
        "Text__c:string(40,0,0) Area__c:textarea(255,0,0) Long__c:textarea(32768,0,0) Html__c:textarea(131072,0,0) \
         Number__c:double(0,10,3) Money__c:currency(0,18,2) Share__c:percent(0,5,2) Check__c:boolean(0,0,0) Day__c:date(0,0,0) \
         At__c:datetime(0,0,0) Time__c:time(0,0,0) Mail__c:email(80,0,0) Phone__c:phone(40,0,0) Url__c:url(255,0,0) \
         Pick__c:picklist(255,0,0) Many__c:multipicklist(4099,4,0) Auto__c:string(30,0,0) Place__Latitude__s:double(0,15,5) \
         Place__Longitude__s:double(0,16,5) Place__c:location(0,0,0) Secret__c:encryptedstring(20,0,0) Sum__c:double(0,18,1)"
    );
    let text = def.field("Text__c").unwrap();
    assert!(text.unique && text.external_id && text.id_lookup && text.case_sensitive);
    let number = def.field("Number__c").unwrap();
    assert!(!number.nillable && !number.permissionable && number.is_required());
    let pick = def.field("Pick__c").unwrap();
    assert!(
        pick.restricted_picklist && pick.picklist_values[0].default_value && !pick.picklist_values[1].active
    );
    assert_eq!(pick.picklist_values[0].label, "Letter A");
    assert!(
        !def.field("Long__c").unwrap().filterable
            && !def.field("Sum__c").unwrap().formula_treat_null_number_as_zero
    );
    assert_eq!(def.field("Money__c").unwrap().default_value_formula.as_deref(), Some("5"));
    assert_eq!(def.field("Check__c").unwrap().default_value, serde_json::json!(true));
    assert_eq!(def.name_field().unwrap().label, "Its Name");
}

const ORDER: &str = "<fields><fullName>Total__c</fullName><label>Total</label><type>Summary</type><summaryOperation>sum</summaryOperation>\
    <summaryForeignKey>Line__c.Order__c</summaryForeignKey><summarizedField>Line__c.Price__c</summarizedField></fields>\
    <fields><fullName>Best__c</fullName><label>Best</label><type>Lookup</type><referenceTo>Line__c</referenceTo>\
    <relationshipName>Best_Of</relationshipName><deleteConstraint>Restrict</deleteConstraint></fields>";
const LINE: &str = "<fields><fullName>Order__c</fullName><label>Order</label><type>MasterDetail</type><referenceTo>Order__c</referenceTo>\
    <relationshipName>Lines</relationshipName><relationshipOrder>0</relationshipOrder></fields>\
    <fields><fullName>Price__c</fullName><label>Price</label><type>Currency</type><precision>16</precision><scale>2</scale></fields>";

#[test]
fn objects_that_refer_to_each_other_load_in_one_go() {
    let org = org();
    let problems = put(&org, &[object("Order__c", ORDER), object("Line__c", LINE)]);
    assert_eq!(messages(&problems), Vec::<String>::new());

    let (order, line) = (def(&org, "Order__c"), def(&org, "Line__c"));
    assert_eq!(
        order.child("Lines__r").map(|c| (c.child.as_str(), c.on_delete)),
        Some(("Line__c", OnDelete::Cascade))
    );
    assert_eq!(line.child("Best_Of__r").map(|c| c.on_delete), Some(OnDelete::Restrict));
    let total = order.field("Total__c").unwrap();
    assert_eq!((total.kind, total.scale, total.calculated), (FieldType::Currency, 2, true));
    assert!(line.field("OwnerId").is_none() && order.field("OwnerId").is_some());
    let master = line.field("Order__c").unwrap();
    assert!(!master.nillable && !master.updateable && master.relationship_order == Some(0));

    let record = |json: serde_json::Value| json.as_object().cloned().unwrap();
    let sum = org
        .write(&org.admin(), |transaction| {
            let id = transaction.insert("Order__c", &record(serde_json::json!({"Name": "O"})))?;
            for price in [10, 5] {
                let line = record(serde_json::json!({"Order__c": id, "Price__c": price}));
                transaction.insert("Line__c", &line)?;
            }
            Ok(transaction.view().row(&order, &id).map(|row| row.value_of("Total__c").to_plain_text()))
        })
        .unwrap();
    assert_eq!(sum.as_deref(), Some("15.00"));
}

#[test]
fn what_cannot_be_taken_is_told_with_its_place_and_the_rest_is_taken() {
    let org = org();
    let lost = "<fields><fullName>Lost__c</fullName><label>Lost</label><type>Lookup</type><referenceTo>Nowhere__c</referenceTo></fields>\
                <fields><fullName>Odd__c</fullName><label>Odd</label><type>Colour</type></fields>\
                <fields><fullName>Short__c</fullName><label>Short</label><type>Text</type></fields>\
                <fields><fullName>Good__c</fullName><label>Good</label><type>Date</type></fields>";
    let field = "<CustomField><fullName>X__c</fullName><label>X</label><type>Date</type></CustomField>";
    let problems = put(
        &org,
        &[
            object("Thing__c", lost),
            part("CustomObject", "Nameless__c", "<CustomObject><label>N</label></CustomObject>"),
            part("CustomField", "Missing__c.X__c", field),
            part("CustomObject", "Solution", "<CustomObject/>"),
        ],
    );
    assert_eq!(
        messages(&problems),
        [
            "CustomField Missing__c.X__c: Entity Enumeration Or ID: bad value for restricted picklist field: Missing__c",
            "CustomObject Nameless__c: Must specify a nameField of type Text or AutoNumber",
            "CustomObject Solution: simorg does not have this standard object",
            "CustomField Thing__c.Lost__c: referenceTo value of 'Nowhere__c' does not resolve to a valid sObject type",
            "CustomField Thing__c.Odd__c: 'Colour' is not a valid value for the enum 'FieldType'",
            "CustomField Thing__c.Short__c: Must specify 'length' for a CustomField of type Text",
        ]
    );
    assert_eq!(problems.iter().filter(|problem| problem.is_warning).count(), 1);
    assert!(def(&org, "Thing__c").field("Good__c").is_some());
}

#[test]
fn kinds_of_objects_and_their_companions_follow_the_name_and_the_switches() {
    let org = org();
    let plain = "<CustomObject><label>L</label><pluralLabel>Ls</pluralLabel></CustomObject>";
    let problems = put(
        &org,
        &[
            part("CustomObject", "Kind__mdt", plain),
            part("CustomObject", "Event__e", plain),
            part(
                "CustomObject",
                "Big__b",
                "<CustomObject><label>B</label><fields><fullName>At__c</fullName><label>At</label><type>DateTime</type>\
                 <required>true</required></fields><indexes><fullName>I</fullName><fields><name>At__c</name><sortDirection>DESC</sortDirection></fields></indexes></CustomObject>",
            ),
            part(
                "CustomObject",
                "Limits2__c",
                "<CustomObject><label>L</label><customSettingsType>List</customSettingsType></CustomObject>",
            ),
            part(
                "CustomObject",
                "Own__c",
                "<CustomObject><label>O</label><pluralLabel>Os</pluralLabel><nameField><type>AutoNumber</type>\
                 <displayFormat>O-{0000}</displayFormat></nameField><sharingModel>Private</sharingModel><enableHistory>true</enableHistory>\
                 <enableFeeds>true</enableFeeds></CustomObject>",
            ),
        ],
    );
    assert_eq!(messages(&problems), Vec::<String>::new());
    for (name, kind) in [
        ("Kind__mdt", ObjectKind::CustomMetadata),
        ("Event__e", ObjectKind::PlatformEvent),
        ("Big__b", ObjectKind::Big),
        ("Limits2__c", ObjectKind::CustomSetting),
        ("Own__c", ObjectKind::Custom),
        ("Own__Share", ObjectKind::Share),
        ("Own__History", ObjectKind::History),
        ("Own__Feed", ObjectKind::Feed),
        ("Own__ChangeEvent", ObjectKind::ChangeEvent),
    ] {
        assert_eq!(def(&org, name).kind, kind, "{name}");
    }
    assert_eq!(def(&org, "Big__b").metadata.index, [("At__c".to_owned(), true)]);
    assert!(def(&org, "Own__c").name_field().unwrap().auto_number);
    assert!(def(&org, "Limits2__c").flags.custom_setting && !def(&org, "Event__e").flags.queryable);
    let mut prefixes: Vec<_> =
        org.objects(&org.admin()).iter().filter_map(|def| def.key_prefix.clone()).collect();
    prefixes.sort();
    assert!(prefixes.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn record_types_are_rows_and_custom_metadata_records_refer_to_each_other() {
    let org = org();
    let record_type = "<RecordType><fullName>Retail</fullName><active>true</active><label>Retail Trade</label><picklistValues>\
                       <picklist>Status__c</picklist><values><fullName>A%2FB</fullName><default>true</default></values></picklistValues></RecordType>";
    let kind = "<CustomObject><label>K</label><pluralLabel>Ks</pluralLabel><fields><fullName>Rate__c</fullName><label>R</label><type>Number</type>\
                <precision>5</precision><scale>2</scale></fields><fields><fullName>Next__c</fullName><label>N</label><type>MetadataRelationship</type>\
                <referenceTo>Kind__mdt</referenceTo></fields></CustomObject>";
    let record = |rate: &str, next: &str| {
        format!(
            "<CustomMetadata xmlns:xsi=\"x\"><label>L</label><values><field>Rate__c</field><value>{rate}</value></values><values>\
                 <field>Next__c</field>{next}</values></CustomMetadata>"
        )
    };
    let parts = [
        object("Thing__c", ""),
        part("RecordType", "Thing__c.Retail", record_type),
        part("CustomObject", "Kind__mdt", kind),
        part("CustomMetadata", "Kind.A", &record("1.5", "<value>B</value>")),
        part("CustomMetadata", "Kind.B", &record("2", "<value xsi:nil=\"true\"/>")),
    ];
    for _ in 0..2 {
        // The second time nothing is added.
        assert_eq!(messages(&put(&org, &parts)), Vec::<String>::new());
    }
    let view = org.admin_view();
    let kinds = def(&org, "Kind__mdt");
    let mut rows = Vec::new();
    view.scan(&kinds, crate::state::Scan::default(), &mut |row| {
        let next = row
            .referenced(kinds.field("Next__c").unwrap())
            .map(|row| row.value_of("DeveloperName").to_plain_text());
        rows.push((
            row.value_of("DeveloperName").to_plain_text(),
            row.value_of("Rate__c").to_plain_text(),
            next,
        ));
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(rows, [("A".into(), "1.5".into(), Some("B".into())), ("B".into(), "2".into(), None)]);

    let thing = def(&org, "Thing__c");
    assert_eq!(thing.field("RecordTypeId").unwrap().reference_to, ["RecordType"]);
    let describe = crate::describe::describe(&view, &thing, "67.0", "x");
    let infos = describe["recordTypeInfos"].as_array().unwrap();
    assert_eq!(
        (infos[0]["developerName"].as_str(), infos[0]["name"].as_str()),
        (Some("Retail"), Some("Retail Trade"))
    );
    assert_eq!(infos.len(), 2);
    assert_eq!(thing.metadata.record_type_values["Retail"]["Status__c"].default.as_deref(), Some("A/B"));
}

#[test]
fn dependent_values_and_value_sets_are_followed() {
    let org = org();
    let region = "<fields><fullName>Region__c</fullName><label>R</label><type>Picklist</type><valueSet><valueSetName>Regions</valueSetName></valueSet></fields>\
        <fields><fullName>Land__c</fullName><label>L</label><type>Picklist</type><valueSet><controllingField>Region__c</controllingField><valueSetDefinition>\
        <value><fullName>Norway</fullName></value><value><fullName>Chile</fullName></value></valueSetDefinition><valueSettings><controllingFieldValue>Europe</controllingFieldValue>\
        <valueName>Norway</valueName></valueSettings><valueSettings><controllingFieldValue>America</controllingFieldValue><valueName>Chile</valueName></valueSettings></valueSet></fields>";
    let set = |last: &str| {
        let xml = format!(
            "<GlobalValueSet><customValue><fullName>Europe</fullName></customValue><customValue><fullName>America</fullName></customValue>{last}</GlobalValueSet>"
        );
        part("GlobalValueSet", "Regions", &xml)
    };
    assert_eq!(messages(&put(&org, &[object("Thing__c", region), set("")])), Vec::<String>::new());
    let valid_for = |org: &Org| -> Vec<Option<String>> {
        def(org, "Thing__c")
            .field("Land__c")
            .unwrap()
            .picklist_values
            .iter()
            .map(|value| value.valid_for.clone())
            .collect()
    };
    assert_eq!(valid_for(&org), [Some("gAAA".to_owned()), Some("QAAA".to_owned())]);

    let industry = "<StandardValueSet><standardValue><fullName>Space</fullName><default>false</default></standardValue></StandardValueSet>";
    put(
        &org,
        &[
            set("<customValue><fullName>Asia</fullName></customValue>"),
            part("StandardValueSet", "Industry", industry),
        ],
    );
    assert_eq!(def(&org, "Thing__c").field("Region__c").unwrap().picklist_values.len(), 3);
    for object in ["Account", "Lead"] {
        assert_eq!(def(&org, object).field("Industry").unwrap().picklist_values.len(), 1, "{object}");
    }
}

#[test]
fn what_is_written_gives_the_same_object_again() {
    let org = org();
    let builtin = def(&org, "Project__c");
    let xml = write::object(&builtin);
    let text = xml
        .to_document()
        .replace("Project__c", "Copy__c")
        .replace("Projects_", "Copies_")
        .replace("Projects", "Copies")
        .replace("Sub_", "Sub2_");
    let mut copy = Element::parse(text.as_bytes()).unwrap();
    // Its sums are over details of the original.
    copy.children.retain(|field| field.text_of("type") != Some("Summary"));
    assert_eq!(
        messages(&put(&org, &[Part { kind: "CustomObject".into(), full_name: "Copy__c".into(), xml: copy }])),
        Vec::<String>::new()
    );

    let copied = def(&org, "Copy__c");
    let mut compared = 0;
    for field in builtin.fields.iter().filter(|field| field.custom) {
        let Some(own) = copied.field(&field.name) else { continue };
        let attributes = |field: &crate::model::FieldDef| {
            let mut json = serde_json::to_value(field).unwrap();
            for loose in
                ["defaultedOnCreate", "referenceTo", "relationshipName", "restrictedPicklist", "sortable"]
            {
                json[loose] = serde_json::Value::Null;
            }
            json
        };
        // A reference to itself leads to the copy, and the parts of a geolocation are labelled after it.
        if field.name != "Parent_Project__c" && !field.name.ends_with("__s") {
            assert_eq!(attributes(own), attributes(field), "{}", field.name);
        }
        compared += 1;
    }
    assert!(compared > 30, "{compared}");

    let account = write::object(&def(&org, "Account"));
    let names: Vec<&str> = account.all("fields").filter_map(|field| field.text_of("fullName")).collect();
    for (name, is_shown) in [
        ("Industry", true),
        ("BillingAddress", true),
        ("BillingCity", false),
        ("SystemModstamp", false),
        ("Id", false),
    ] {
        assert_eq!(names.contains(&name), is_shown, "{name}");
    }
}

#[test]
fn what_others_need_is_not_removed() {
    let org = org();
    put(&org, &[object("Order__c", ORDER), object("Line__c", LINE)]);
    let author = Author { user_id: org.admin().id.clone(), at_ms: org.stamp_ms() };
    let gone = |kind: &str, name: &str| {
        let outcome: Result<_, ()> =
            org.change_schema(|snapshot, _| Ok(remove(snapshot, kind, name, &author)));
        outcome.unwrap().map(|problem| problem.message)
    };
    let held = "This custom object is referenced elsewhere in salesforce.com. : Line__c.Order__c";
    assert_eq!(gone("CustomObject", "Order__c").as_deref(), Some(held));
    let held = "This custom field is referenced elsewhere in salesforce.com. : Roll-Up Summary Field - Order__c.Total__c";
    assert_eq!(gone("CustomField", "Line__c.Price__c").as_deref(), Some(held));
    assert_eq!(gone("CustomField", "Order__c.Total__c"), None);
    assert_eq!(gone("CustomField", "Order__c.Best__c"), None);
    assert_eq!(gone("CustomObject", "Line__c"), None);
    assert_eq!(gone("CustomObject", "Order__c"), None);
    assert!(org.admin_view().object("Order__c").is_none());
}
