//! Statements that are refused, with the exact words.

use super::check;

const DESCRIBE: &str = "Please reference your WSDL or the describe call for the appropriate names.";

#[test]
#[expect(clippy::too_many_lines, reason = "one table of statements")]
fn unknown_names_are_shown_where_they_stand() {
    let column = |name: &str, entity: &str| {
        format!(
            "No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append the \
             '__c' after the custom field name. {DESCRIBE}"
        )
    };
    let relationship = |name: &str, place: &str| {
        format!(
            "Didn't understand relationship '{name}' in {place}. If you are attempting to use a custom relationship, be sure to \
             append the '__r' after the custom relationship name. {DESCRIBE}"
        )
    };
    let object = |name: &str| {
        format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' \
             after the entity name. {DESCRIBE}"
        )
    };
    let cases = [
        (
            "SELECT Idd FROM Account",
            format!(
                "INVALID_FIELD \nSELECT Idd FROM Account\n       ^\nERROR at Row:1:Column:8\n{}",
                column("Idd", "Account")
            ),
        ),
        (
            "SELECT Id FROM Account WHERE Foo = 1",
            format!(
                "INVALID_FIELD \nSELECT Id FROM Account WHERE Foo = 1\n                             ^\nERROR at Row:1:Column:30\n{}",
                column("Foo", "Account")
            ),
        ),
        (
            "SELECT Id FROM Account ORDER BY Foo",
            format!(
                "INVALID_FIELD \nSELECT Id FROM Account ORDER BY Foo\n                                ^\nERROR at Row:1:Column:33\n{}",
                column("Foo", "Account")
            ),
        ),
        (
            "SELECT Account.Foo FROM Contact",
            format!(
                "INVALID_FIELD \nSELECT Account.Foo FROM Contact\n       ^\nERROR at Row:1:Column:8\n{}",
                column("Foo", "Account")
            ),
        ),
        (
            "SELECT What.Foo FROM Task",
            format!(
                "INVALID_FIELD \nSELECT What.Foo FROM Task\n       ^\nERROR at Row:1:Column:8\n{}",
                column("Foo", "Name")
            ),
        ),
        (
            "SELECT Boss.Name FROM Contact",
            format!(
                "INVALID_FIELD \nSELECT Boss.Name FROM Contact\n       ^\nERROR at Row:1:Column:8\n{}",
                relationship("Boss", "field path")
            ),
        ),
        (
            "SELECT Id FROM Nope",
            format!(
                "INVALID_TYPE \nSELECT Id FROM Nope\n               ^\nERROR at Row:1:Column:16\n{}",
                object("Nope")
            ),
        ),
        (
            "SELECT (SELECT Id FROM Contact) FROM Account",
            format!(
                "INVALID_TYPE \nSELECT (SELECT Id FROM Contact) FROM Account\n                       ^\nERROR at Row:1:Column:24\n{}",
                relationship("Contact", "FROM part of query call")
            ),
        ),
        ("SELECT Id, Name, id FROM Account", "INVALID_FIELD duplicate field selected: Id".to_owned()),
        (
            "SELECT Id FROM AccountChangeEvent",
            "INVALID_TYPE_FOR_OPERATION entity type AccountChangeEvent does not support query".to_owned(),
        ),
    ];
    let cases: Vec<(&str, &str)> =
        cases.iter().map(|(statement, expected)| (*statement, expected.as_str())).collect();
    check(&cases);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of statements")]
fn malformed_statements_name_the_token() {
    check(&[
        ("invalid", "MALFORMED_QUERY unexpected token: 'invalid'"),
        ("", "MALFORMED_QUERY unexpected token: '<EOF>'"),
        (
            "SELECT FROM Account",
            "MALFORMED_QUERY \nSELECT FROM Account\n       ^\nERROR at Row:1:Column:8\nunexpected token: 'FROM'",
        ),
        (
            "SELECT Id, FROM Account",
            "MALFORMED_QUERY \nSELECT Id, FROM Account\n           ^\nERROR at Row:1:Column:12\nunexpected token: 'FROM'",
        ),
        (
            "SELECT Id FORM Account",
            "MALFORMED_QUERY \nSELECT Id FORM Account\n               ^\nERROR at Row:1:Column:16\nunexpected token: 'Account'",
        ),
        ("SELECT Id FROM", "MALFORMED_QUERY unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY unexpected token: '<EOF>'"),
        (
            "SELECT Id FROM Account LIMIT x",
            "MALFORMED_QUERY \nSELECT Id FROM Account LIMIT x\n                             ^\nERROR at Row:1:Column:30\nunexpected token: 'x'",
        ),
        (
            "SELECT Id FROM Account WHERE (Name = 'a'",
            "MALFORMED_QUERY \nFROM Account WHERE (Name = 'a'\n                              ^\nERROR at Row:1:Column:41\nexpecting a right parentheses, found '<EOF>'",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
            "MALFORMED_QUERY \nWHERE Name = 'a' AND Name = 'b' OR Name = 'c'\n                                ^\nERROR at Row:1:Column:56\nunexpected token: 'OR'",
        ),
        (
            "SELECT Id FROM Account WHERE Name = foo",
            "MALFORMED_QUERY \nSELECT Id FROM Account WHERE Name = foo\n                                    ^\nERROR at Row:1:Column:37\nBind variables only allowed in Apex code",
        ),
        (
            "SELECT Id FROM Account WHERE Name = :foo",
            "MALFORMED_QUERY \nSELECT Id FROM Account WHERE Name = :foo\n                                    ^\nERROR at Row:1:Column:37\nBind variables only allowed in Apex code",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a",
            "MALFORMED_QUERY line 1:38 mismatched character '<EOF>' expecting '''",
        ),
        (
            "SELECT Id FROM Account WHERE Name = \u{201c}a\u{201d}",
            "MALFORMED_QUERY line 1:36 no viable alternative at character '\u{201c}'",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a\\xb'",
            "MALFORMED_QUERY \nSELECT Id FROM Account WHERE Name = 'a\\xb'\n                                    ^\nERROR at Row:1:Column:37\nInvalid string literal 'a\\xb'. Illegal character sequence '\\x' in string literal.",
        ),
        (
            "SELECT Id FROM Account ALL ROWS",
            "MALFORMED_QUERY \nSELECT Id FROM Account ALL ROWS\n                       ^\nERROR at Row:1:Column:24\nALL ROWS not allowed in this context",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a' ORDER BY Name WHERE Id = null",
            "MALFORMED_QUERY \nWHERE Name = 'a' ORDER BY Name WHERE Id = null\n                               ^\nERROR at Row:1:Column:55\nunexpected token: 'WHERE'",
        ),
        (
            "SELECT Name n FROM Account",
            "MALFORMED_QUERY \nSELECT Name n FROM Account\n            ^\nERROR at Row:1:Column:13\nonly aggregate expressions use field aliasing",
        ),
        (
            "SELECT FIELDS(ALL) FROM Account",
            "MALFORMED_QUERY The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT FIELDS(CUSTOM) FROM Account LIMIT 201",
            "MALFORMED_QUERY The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT Id FROM Account OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE Maximum SOQL offset allowed is 2000",
        ),
    ]);
}

#[test]
fn a_statement_of_more_than_100_000_characters_is_refused() {
    let long = format!("SELECT Id FROM Account WHERE Name = '{}'", "a".repeat(100_000));
    check(&[(long.as_str(), "MALFORMED_QUERY SOQL statements can not be longer than 100000 characters")]);
}

#[test]
fn absurd_nesting_is_refused_and_not_followed() {
    let deep = format!("SELECT Id FROM Account WHERE {}Name = 'a'", "(".repeat(50_000));
    let text = "QUERY_TOO_COMPLICATED Query is either selecting too many fields or the filter conditions are too complicated.";
    check(&[(deep.as_str(), text)]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of statements")]
fn fields_are_used_only_as_the_describe_allows() {
    let criterion = |at: usize, shown: &str, text: &str| {
        format!("INVALID_FIELD \n{shown}\n{}^\nERROR at Row:1:Column:{}\n{text}", " ".repeat(at), at + 1)
    };
    let cases = [
        (
            "SELECT Id FROM Account WHERE Description = 'a'",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Account WHERE CreatedDate > '2010-01-01'",
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE CreatedDate > 2010-01-01",
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE NumberOfEmployees = '5'",
            "value of filter criterion for field 'NumberOfEmployees' must be of type int and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue = true",
            "value of filter criterion for field 'AnnualRevenue' must be of type double and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 5",
            "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE IsDeleted = 'true'",
            "value of filter criterion for field 'IsDeleted' must be of type boolean and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Account WHERE Id LIKE '001%'", "invalid operator on id field"),
        (
            "SELECT Id FROM Account WHERE Name INCLUDES ('a')",
            "INCLUDES or EXCLUDES operators only valid on multipicklist field",
        ),
    ];
    let cases: Vec<(&str, String)> = cases
        .iter()
        .map(|(statement, text)| {
            // The echo reaches 31 characters beyond the field and stops at the next blank.
            let shown = &statement
                [..statement[60.min(statement.len())..].find(' ').map_or(statement.len(), |cut| cut + 60)];
            (*statement, criterion(29, shown, text))
        })
        .collect();
    let cases: Vec<(&str, &str)> =
        cases.iter().map(|(statement, expected)| (*statement, expected.as_str())).collect();
    check(&cases);
    check(&[
        (
            "SELECT Id FROM Account WHERE Id = 'xyz'",
            "INVALID_QUERY_FILTER_OPERATOR \nSELECT Id FROM Account WHERE Id = 'xyz'\n                             ^\nERROR at Row:1:Column:30\ninvalid ID field: xyz",
        ),
        (
            "SELECT Id FROM Account ORDER BY Description",
            "MALFORMED_QUERY \nSELECT Id FROM Account ORDER BY Description\n                                ^\nERROR at Row:1:Column:33\nfield 'Description' can not be sorted in a query call",
        ),
        (
            "SELECT AnnualRevenue FROM Account GROUP BY AnnualRevenue",
            "MALFORMED_QUERY \nAnnualRevenue FROM Account GROUP BY AnnualRevenue\n                                    ^\nERROR at Row:1:Column:44\nfield 'AnnualRevenue' can not be grouped in a query call",
        ),
        (
            "SELECT Name, COUNT(Id) FROM Account",
            "MALFORMED_QUERY \nSELECT Name, COUNT(Id) FROM Account\n       ^\nERROR at Row:1:Column:8\nField must be grouped or aggregated: Name",
        ),
        (
            "SELECT MAX(IsDeleted) FROM Account",
            "MALFORMED_QUERY \nSELECT MAX(IsDeleted) FROM Account\n       ^\nERROR at Row:1:Column:8\nfield IsDeleted does not support aggregate operator MAX",
        ),
        (
            "SELECT SUM(Name) FROM Account",
            "MALFORMED_QUERY \nSELECT SUM(Name) FROM Account\n       ^\nERROR at Row:1:Column:8\nfield Name does not support aggregate operator SUM",
        ),
        (
            "SELECT COUNT(Id) n, MAX(Name) n FROM Account",
            "MALFORMED_QUERY \nSELECT COUNT(Id) n, MAX(Name) n FROM Account\n                    ^\nERROR at Row:1:Column:21\nduplicate alias: n",
        ),
        (
            "SELECT COUNT(), Id FROM Account",
            "MALFORMED_QUERY \nSELECT COUNT(), Id FROM Account\n       ^\nERROR at Row:1:Column:8\nunexpected token: 'COUNT'",
        ),
    ]);
}

#[test]
fn semi_joins_keep_their_rules() {
    check(&[
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY \nFROM Account WHERE Name = 'a' OR Id IN (SELECT AccountId FROM Contact)\n                                 ^\nERROR at Row:1:Column:44\nSemi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            "SELECT Id FROM Account WHERE ParentId IN (SELECT Id FROM Contact)",
            "MALFORMED_QUERY \nSELECT Id FROM Account WHERE ParentId IN (SELECT Id FROM Contact)\n                             ^\nERROR at Row:1:Column:30\nThe selected field 'Id' in the subquery and the left operand field in the where expression in the outer query 'ParentId' should point to the same object type",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)",
            "MALFORMED_QUERY \nSELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)\n                             ^\nERROR at Row:1:Column:30\nThe inner and outer selects should not be on the same object type",
        ),
        (
            "SELECT Id FROM Account WHERE Name IN (SELECT Id FROM Contact)",
            "MALFORMED_QUERY \nSELECT Id FROM Account WHERE Name IN (SELECT Id FROM Contact)\n                             ^\nERROR at Row:1:Column:30\nThe left operand field in the where expression for outer query should be an id field, cannot use: 'Name'",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE AccountId IN (SELECT AccountId FROM Opportunity))",
            "MALFORMED_QUERY \n(SELECT AccountId FROM Contact WHERE AccountId IN (SELECT AccountId FROM\n                                     ^\nERROR at Row:1:Column:73\nNesting of semi join sub-selects is not supported",
        ),
    ]);
}

#[test]
fn what_is_not_played_says_so() {
    check(&[(
        "SELECT Id FROM Account WITH DATA CATEGORY a AT b",
        "NOT_IMPLEMENTED the WITH clause is not simulated",
    )]);
}
