//! Statements that answer rows: fields, paths, filters, order, pages.

use super::check;

#[test]
fn fields_come_in_the_order_asked_for_and_names_in_any_case() {
    check(&[
        ("SELECT Name, Id FROM Account WHERE Name = 'Acme'", "Acme|{A1}"),
        ("select nAME from aCCOUNT where id = '{A1}'", "Acme"),
        ("SELECT a.Name FROM Account a WHERE a.Id = '{A2}'", "Beta & Söhne"),
        ("SELECT Account.Name FROM Account WHERE Account.Id = '{A2}'", "Beta & Söhne"),
        ("SELECT Name FROM Account", "Acme / Beta & Söhne / acme east / O'Brien 100%"),
        ("ALL: SELECT Name FROM Account WHERE IsDeleted = true", "Gone"),
        ("SELECT Name FROM Account WHERE IsDeleted = true", ""),
        ("ALL: SELECT COUNT() FROM Account", "5"),
        ("SELECT COUNT() FROM Account", "4"),
        ("SELECT COUNT() FROM Account LIMIT 3", "3"),
        ("SELECT Name FROM Account LIMIT 0", ""),
        ("SELECT toLabel(Industry) FROM Account WHERE Id = '{A1}'", "Technology"),
        ("SELECT Name FROM Account USING SCOPE mine WHERE Industry = 'Banking'", "Beta & Söhne"),
        ("SELECT Name FROM Account WHERE Id = '{A1}' FOR VIEW", "Acme"),
    ]);
}

#[test]
fn paths_lead_over_parents() {
    check(&[
        (
            "SELECT LastName, Account.Name, Account.Parent.Name FROM Contact",
            "Lee|Acme|- / Zed|Acme|- / Cy|-|- / Dee|Beta & Söhne|Acme",
        ),
        ("SELECT LastName FROM Contact WHERE Account.Industry = 'Technology'", "Lee / Zed"),
        ("SELECT LastName FROM Contact WHERE Account.Name = null", "Cy"),
        ("SELECT ReportsTo.Name FROM Contact WHERE LastName = 'Zed'", "Ann Lee"),
        (
            "SELECT LastName FROM Contact ORDER BY Account.Name DESC NULLS LAST, LastName DESC",
            "Dee / Zed / Lee / Cy",
        ),
        ("SELECT Subject, What.Name, What.Type FROM Task", "Call|Acme|Account / Mail|First|Opportunity"),
        ("SELECT Subject FROM Task WHERE What.Type = 'Opportunity'", "Mail"),
        (
            "SELECT Subject, TYPEOF What WHEN Account THEN Industry ELSE Name END FROM Task",
            "Call|<What> / Mail|<What>",
        ),
        ("SELECT Account__r.Name, Label__c FROM Project__c WHERE Name = 'Apollo'", "Acme|Project: Apollo"),
        ("SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Id = '{A1}'", "Acme|(Contacts)"),
        (
            "SELECT Name, (SELECT Name, (SELECT Subject FROM Tasks) FROM Opportunities) FROM Account WHERE Id = '{A1}'",
            "Acme|(Opportunities)",
        ),
    ]);
}

#[test]
fn conditions_compare_text_without_case_and_know_null() {
    check(&[
        ("SELECT Name FROM Account WHERE Name = 'ACME'", "Acme"),
        ("SELECT Name FROM Account WHERE BillingCity = 'PARIS'", "Acme / O'Brien 100%"),
        ("SELECT Name FROM Account WHERE Industry != 'Technology'", "Beta & Söhne / acme east"),
        ("SELECT Name FROM Account WHERE Industry <> null", "Acme / Beta & Söhne / O'Brien 100%"),
        ("SELECT Name FROM Account WHERE Industry = ''", "acme east"),
        ("SELECT Name FROM Account WHERE Industry NOT IN ('Banking')", "Acme / acme east / O'Brien 100%"),
        ("SELECT Name FROM Account WHERE Industry IN ('banking', null)", "Beta & Söhne / acme east"),
        ("SELECT Name FROM Account WHERE Name LIKE 'acme%'", "Acme / acme east"),
        ("SELECT Name FROM Account WHERE Name LIKE '%100\\%'", "O'Brien 100%"),
        ("SELECT Name FROM Account WHERE Name LIKE '_cme'", "Acme"),
        ("SELECT Name FROM Account WHERE (NOT Name LIKE 'acme%')", "Beta & Söhne / O'Brien 100%"),
        (
            "SELECT Name FROM Account WHERE NOT (Name = 'Acme' OR Industry = null)",
            "Beta & Söhne / O'Brien 100%",
        ),
        ("SELECT Name FROM Account WHERE Name = 'O\\'Brien 100%'", "O'Brien 100%"),
        ("SELECT Name FROM Account WHERE Name = 'Beta & S\\u00f6hne'", "Beta & Söhne"),
        ("SELECT Name FROM Account WHERE Name > 'b' AND Name < 'p'", "Beta & Söhne / O'Brien 100%"),
        (
            "SELECT Name FROM Account WHERE (Industry = 'Technology' AND NumberOfEmployees > 10) OR ParentId = '{A1}'",
            "Acme / Beta & Söhne / acme east",
        ),
        ("SELECT Name FROM Project__c WHERE Strict_Id__c = 'AB'", "Borealis"),
        ("SELECT Name FROM Project__c WHERE External_Id__c = 'x1'", "Apollo"),
        ("SELECT Name FROM Project__c WHERE Skills__c INCLUDES ('SQL')", "Apollo"),
        ("SELECT Name FROM Project__c WHERE Skills__c INCLUDES ('Rust;SQL', 'Apex')", "Apollo"),
        ("SELECT Name FROM Project__c WHERE Skills__c INCLUDES ('Rust;Java')", ""),
        ("SELECT Name FROM Project__c WHERE Skills__c EXCLUDES ('Rust')", "Borealis"),
        ("SELECT Name FROM Project__c WHERE Skills__c = 'Rust;SQL'", "Apollo"),
    ]);
}

#[test]
fn ids_are_found_by_both_lengths_and_compared_in_their_order() {
    let fixture = super::fixture::Fixture::new();
    let id = fixture.named("{A2}");
    let by_fifteen = format!("SELECT Name FROM Account WHERE Id = '{}'", &id[..15]);
    assert_eq!(super::answer(&fixture, &by_fifteen), "Beta & Söhne");
    check(&[
        ("SELECT Name FROM Account WHERE Id IN ('{A3}', '{A1}', '{C1}')", "Acme / acme east"),
        ("SELECT Name FROM Account WHERE Id > '{A2}'", "acme east / O'Brien 100%"),
        (
            "SELECT Name FROM Account WHERE Id >= '{A2}' AND Id < '{A4}' ORDER BY Id",
            "Beta & Söhne / acme east",
        ),
        ("SELECT Name FROM Account WHERE Id > '{A1}' ORDER BY Id LIMIT 1", "Beta & Söhne"),
        ("SELECT Name FROM Account WHERE Id != '{A1}' AND ParentId = null", "O'Brien 100%"),
        ("SELECT Name FROM Account WHERE Id = '{A5}'", ""),
        ("ALL: SELECT Name FROM Account WHERE Id = '{A5}'", "Gone"),
        ("SELECT Name FROM Account WHERE Id = '{C1}'", ""),
    ]);
}

#[test]
fn semi_joins_select_by_other_objects() {
    check(&[
        ("SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact)", "Acme / Beta & Söhne"),
        (
            "SELECT Name FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact)",
            "acme east / O'Brien 100%",
        ),
        (
            "SELECT LastName FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Industry = 'Banking')",
            "Dee",
        ),
        (
            "SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Dee') AND Id IN (SELECT AccountId FROM Opportunity)",
            "Beta & Söhne",
        ),
    ]);
}

#[test]
fn rows_are_ordered_and_cut() {
    check(&[
        ("SELECT Name FROM Account ORDER BY Name", "Acme / acme east / Beta & Söhne / O'Brien 100%"),
        ("SELECT Name FROM Account ORDER BY Name DESC LIMIT 2", "O'Brien 100% / Beta & Söhne"),
        (
            "SELECT Name FROM Account ORDER BY NumberOfEmployees",
            "acme east / Beta & Söhne / O'Brien 100% / Acme",
        ),
        (
            "SELECT Name FROM Account ORDER BY NumberOfEmployees DESC",
            "acme east / Acme / O'Brien 100% / Beta & Söhne",
        ),
        (
            "SELECT Name FROM Account ORDER BY NumberOfEmployees ASC NULLS LAST",
            "Beta & Söhne / O'Brien 100% / Acme / acme east",
        ),
        (
            "SELECT Name FROM Account ORDER BY Industry NULLS LAST, Name DESC",
            "Beta & Söhne / O'Brien 100% / Acme / acme east",
        ),
        ("SELECT Name FROM Account ORDER BY SystemModstamp, Id LIMIT 2", "Acme / Beta & Söhne"),
        (
            "SELECT Name FROM Account ORDER BY SystemModstamp DESC, Id LIMIT 2 OFFSET 1",
            "acme east / Beta & Söhne",
        ),
        ("SELECT Name FROM Account ORDER BY Id DESC LIMIT 1", "O'Brien 100%"),
        ("SELECT Name FROM Account LIMIT 2 OFFSET 3", "O'Brien 100%"),
        ("SELECT Name FROM Project__c ORDER BY Serial__c DESC", "Borealis / Apollo"),
    ]);
}
