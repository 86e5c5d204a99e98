//! Texts that are no formulas, with the platform's words.

use serde_json::json;

use crate::formula::FormulaError;
use crate::model::FieldType;
use crate::schema::notation;

use super::fixture::Fixture;

#[test]
fn what_the_platform_refuses_is_refused_with_its_words() {
    let fixture = Fixture::new();
    let cases = [
        ("", "Syntax error.  Found 'end of formula'"),
        ("1 +", "Syntax error.  Found 'end of formula'"),
        ("1 + * 2", "Syntax error.  Found '*'"),
        ("ABS(1", "Syntax error.  Missing ')'"),
        ("(1 + 2", "Syntax error.  Missing ')'"),
        ("1 2", "Syntax error. Extra '2'"),
        ("1 + 2)", "Syntax error. Extra ')'"),
        ("Budget__c Budget__c", "Syntax error. Extra Budget__c"),
        ("\"open", "Syntax error"),
        ("1 /* open", "Syntax error"),
        ("1 # 2", "Syntax error"),
        ("\"\\d\"", "Syntax error"),
        ("Nothing__c", "Field Nothing__c does not exist. Check spelling."),
        ("Account__r.Nothing", "Field Account__r.Nothing does not exist. Check spelling."),
        ("Account__c.Name", "Field Account__c.Name does not exist. Check spelling."),
        ("$User.Nothing", "Field $User.Nothing does not exist. Check spelling."),
        ("FOO(1)", "Unknown function FOO. Check spelling."),
        ("ABS(1, 2)", "Incorrect number of parameters for function 'ABS()'. Expected 1, received 2"),
        ("IF(true, 1)", "Incorrect number of parameters for function 'IF()'. Expected 3, received 2"),
        ("LEFT(\"a\")", "Incorrect number of parameters for function 'LEFT()'. Expected 2, received 1"),
        ("ABS(\"a\")", "Incorrect parameter type for function 'ABS()'. Expected Number, received Text"),
        (
            "CONTAINS(Budget__c, \"1\")",
            "Incorrect parameter type for function 'CONTAINS()'. Expected Text, received Number",
        ),
        ("1 & \"a\"", "Incorrect parameter type for operator '&'. Expected Text, received Number"),
        ("1 + \"a\"", "Incorrect parameter type for operator '+'. Expected Number, received Text"),
        ("1 = \"a\"", "Incorrect parameter type for operator '='. Expected Number, received Text"),
        (
            "Is_Billable__c = Start__c",
            "Incorrect parameter type for operator '='. Expected Boolean, received Date",
        ),
        (
            "Is_Billable__c > true",
            "Incorrect parameter type for operator '>'. Expected Number, Date, DateTime, received Boolean",
        ),
        (
            "YEAR(Kick_Off__c)",
            "Incorrect parameter type for function 'YEAR()'. Expected Date, received DateTime",
        ),
        (
            "Stage__c = \"Running\"",
            "Field Stage__c is a picklist field. Picklist fields are only supported in certain functions.",
        ),
        (
            "LEN(Skills__c)",
            "Field Skills__c is a multi-select picklist field. Multi-select picklist fields are only supported in certain functions.",
        ),
        (
            "ISPICKVAL(Name, \"a\")",
            "Incorrect parameter type for function 'ISPICKVAL()'. Expected Picklist, received Text",
        ),
        (
            "ISPICKVAL(Stage__c, Name)",
            "Incorrect parameter type for function 'ISPICKVAL()'. Expected Text Literal, received Text",
        ),
        (
            "LEN(Notes__c)",
            "You referenced an unsupported field type called \"Long Text Area\" using the following field: Notes__c",
        ),
        (
            "LEN(Secret__c)",
            "You referenced an unsupported field type called \"Text (Encrypted)\" using the following field: Secret__c",
        ),
        ("ISNEW()", "Function ISNEW may not be used in this type of formula"),
        ("REGEX(Name, \"a\")", "Function REGEX may not be used in this type of formula"),
        ("Name", "Formula result is data type (Text), incompatible with expected data type (Number)."),
        (
            "Is_Billable__c",
            "Formula result is data type (Boolean), incompatible with expected data type (Number).",
        ),
    ];
    for (text, message) in cases {
        let refused = fixture.refusal(text, FieldType::Double);
        assert_eq!(refused, Err(FormulaError::Invalid(message.to_owned())), "{text}");
    }
}

#[test]
fn what_is_not_played_is_named_and_never_computed() {
    let fixture = Fixture::new();
    for (text, what) in [
        ("VLOOKUP($ObjectType.A__c.Fields.B__c, $ObjectType.A__c.Fields.Name, \"a\")", "VLOOKUP()"),
        ("IF(true, 1, DISTANCE(Place__c, GEOLOCATION(1, 2), \"km\"))", "DISTANCE()"),
        ("VALUE(UPPER(Name, \"tr\"))", "UPPER with a locale"),
        ("$Setup.Limits__c.Max_Discount__c", "$Setup"),
        ("VALUE($Label.Something)", "$Label"),
    ] {
        let refused = fixture.refusal(text, FieldType::Double);
        assert_eq!(refused, Err(FormulaError::NotSimulated(what.to_owned())), "{text}");
    }
    let deep = format!("{}1{}", "(".repeat(1000), ")".repeat(1000));
    assert!(matches!(fixture.refusal(&deep, FieldType::Double), Err(FormulaError::NotSimulated(_))));
    let nested = format!("{}1{}", "ABS(".repeat(190), ")".repeat(190));
    assert_eq!(fixture.value(&nested, true), "1");
    let long = vec!["1"; 190].join("+");
    assert_eq!(fixture.value(&long, true), "190");
    let longer = vec!["1"; 3000].join("+");
    let length = longer.chars().count();
    assert_eq!(
        fixture.refusal(&longer, FieldType::Double),
        Err(FormulaError::Invalid(format!(
            "Formula is too long ({length} characters).  Maximum length is 5000 characters"
        )))
    );
}

#[test]
fn a_formula_that_leads_back_to_itself_is_refused_and_null() {
    let fixture = Fixture::new();
    for text in ["One__c:double(18,2) =Two__c + 1", "Two__c:double(18,2) =One__c + 1"] {
        let field = notation::field(text).expect("a field");
        fixture.org.add_field("Project__c", field).expect("a new field");
    }

    let refused = fixture.refusal("One__c * 2", FieldType::Double);

    let message =
        "Formula cannot use another formula field that directly or indirectly refers to itself. One__c";
    assert_eq!(refused, Err(FormulaError::Invalid(message.to_owned())));
    let view = fixture.org.admin_view();
    let def = view.object("Project__c").expect("the object");
    let row = view.row(&def, &fixture.project).expect("the project");
    assert!(row.value_of("One__c").is_null());
}

#[test]
fn every_formula_of_the_built_in_schema_can_be_computed() {
    assert_eq!(Fixture::new().org.formula_problems(), []);
}

#[test]
fn a_formula_is_read_anew_when_a_field_that_it_misses_comes() {
    let fixture = Fixture::new();
    let org = &fixture.org;
    let value = |name: &str| {
        let view = org.admin_view();
        let def = view.object("Project__c").expect("the object");
        view.row(&def, &fixture.project).expect("the project").value_of(name).to_plain_text()
    };
    org.add_field("Project__c", notation::field("Twice__c:double(18,1) =Score__c * 2").expect("a field"))
        .expect("a new field");
    assert_eq!(value("Twice__c"), "");

    org.add_field("Project__c", notation::field("Score__c:double(18,2)").expect("a field"))
        .expect("a new field");
    fixture.update(&json!({"Score__c": 1.25})).expect("an update");

    assert_eq!(value("Twice__c"), "2.5");
}

#[test]
fn what_grows_without_bound_is_refused() {
    let fixture = Fixture::new();
    let mut text = "\"a\"".to_owned();
    for _ in 0..40 {
        text = format!("SUBSTITUTE({text}, \"a\", \"aaaaaaaaaa\")");
    }
    assert_eq!(fixture.value(&format!("LEN({text})"), false), "#Error! #Too Big!");
}

#[test]
fn formulas_that_name_each_other_are_read_once_and_bounded() {
    let fixture = Fixture::new();
    let add = |name: &str, formula: &str| {
        let field = notation::field(&format!("{name}:double(18,0) ={formula}")).expect("a field");
        fixture.org.add_field("Project__c", field).expect("taken");
    };
    add("F0__c", "LEN(Name)");
    for at in 1..10 {
        add(&format!("F{at}__c"), &format!("F{0}__c + F{0}__c", at - 1));
    }
    assert_eq!(fixture.value("F9__c", false), (3 * 512).to_string());
    for at in 10..30 {
        add(&format!("F{at}__c"), &format!("F{0}__c + F{0}__c", at - 1));
    }
    let too_big = fixture.refusal("F29__c", FieldType::Double);
    assert!(matches!(&too_big, Err(FormulaError::Invalid(text)) if text.contains("too big")), "{too_big:?}");
}
