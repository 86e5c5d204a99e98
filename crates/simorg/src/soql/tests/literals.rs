//! Literals of every kind against fields of every kind.

use super::check;

#[test]
fn numbers_are_compared_exactly() {
    check(&[
        ("SELECT Name FROM Account WHERE AnnualRevenue > 100", "Acme"),
        ("SELECT Name FROM Account WHERE AnnualRevenue >= 100.00", "Acme / Beta & Söhne"),
        ("SELECT Name FROM Account WHERE AnnualRevenue = 14412093", "Acme"),
        ("SELECT Name FROM Account WHERE NumberOfEmployees IN (5, 7)", "Beta & Söhne / O'Brien 100%"),
        ("SELECT Name FROM Account WHERE NumberOfEmployees < -1", ""),
        ("SELECT Name FROM Account WHERE NumberOfEmployees != 5", "Acme / acme east / O'Brien 100%"),
        ("SELECT Name FROM Project__c WHERE Serial__c = 123456789012345678", "Apollo"),
        ("SELECT Name FROM Project__c WHERE Is_Billable__c = TRUE", "Apollo"),
        ("SELECT Name FROM Project__c WHERE Is_Billable__c != true", "Borealis"),
        ("SELECT Name FROM Project__c WHERE Is_Large__c = true", "Apollo"),
    ]);
}

#[test]
fn moments_are_compared_as_half_open_ranges() {
    check(&[
        ("SELECT Name FROM Account WHERE CreatedDate = 2026-03-11T10:01:00Z", "Beta & Söhne"),
        ("SELECT Name FROM Account WHERE CreatedDate = 2026-03-11T10:01:00.000+0000", "Beta & Söhne"),
        ("SELECT Name FROM Account WHERE CreatedDate = 2026-03-11T11:01:00+01:00", "Beta & Söhne"),
        ("SELECT Name FROM Account WHERE CreatedDate = 2026-03-11T02:01:00-08:00", "Beta & Söhne"),
        (
            "SELECT Name FROM Account WHERE SystemModstamp >= 2026-03-11T10:01:00Z AND SystemModstamp < 2026-03-11T10:03:00Z",
            "Beta & Söhne / acme east",
        ),
        ("SELECT Name FROM Account WHERE SystemModstamp > 2026-03-11T10:01:00Z", "acme east / O'Brien 100%"),
        ("SELECT Name FROM Account WHERE SystemModstamp <= 2026-03-11T10:00:00Z", "Acme"),
        (
            "SELECT Name FROM Account WHERE ((SystemModstamp = 2026-03-11T10:01:00Z AND Id > '{A2}') OR SystemModstamp > 2026-03-11T10:01:00Z) AND SystemModstamp < 2026-03-12T00:00:00Z ORDER BY SystemModstamp, Id",
            "acme east / O'Brien 100%",
        ),
        ("SELECT COUNT() FROM Account WHERE SystemModstamp >= 2026-03-11T10:01:00Z", "3"),
        ("ALL: SELECT Name FROM Account WHERE SystemModstamp > 2026-03-11T10:10:00Z", "Gone"),
        (
            "SELECT Name FROM Account WHERE SystemModstamp >= 2026-03-12T00:00:00Z AND SystemModstamp < 2026-03-11T00:00:00Z",
            "",
        ),
        ("SELECT Name FROM Opportunity WHERE CloseDate = 2026-01-15", "First"),
        ("SELECT Name FROM Opportunity WHERE CloseDate > 2025-12-31", "First / Second"),
        ("SELECT Name FROM Opportunity WHERE CloseDate IN (2025-12-31, 2026-03-11)", "Second / Third"),
        ("SELECT Name FROM Project__c WHERE Daily_Call__c = 10:30:00.000Z", "Apollo"),
        ("SELECT Name FROM Project__c WHERE Daily_Call__c > 11:00:00Z", ""),
    ]);
}

#[test]
fn date_words_count_from_the_org_s_day() {
    check(&[
        ("SELECT Name FROM Opportunity WHERE CloseDate = TODAY", "Second"),
        ("SELECT Name FROM Opportunity WHERE CloseDate < TODAY", "First / Third"),
        ("SELECT Name FROM Opportunity WHERE CloseDate != TODAY", "First / Third"),
        ("SELECT Name FROM Opportunity WHERE CloseDate = THIS_QUARTER", "First / Second"),
        ("SELECT Name FROM Opportunity WHERE CloseDate = LAST_YEAR", "Third"),
        ("SELECT Name FROM Opportunity WHERE CloseDate = LAST_N_DAYS:60", "First / Second"),
        ("SELECT Name FROM Opportunity WHERE CloseDate >= LAST_N_MONTHS:3", "First / Second / Third"),
        ("SELECT Name FROM Opportunity WHERE CloseDate > LAST_MONTH", "Second"),
        ("SELECT Name FROM Project__c WHERE Start__c = THIS_WEEK", "Borealis"),
        ("SELECT Name FROM Project__c WHERE Kick_Off__c = LAST_MONTH", "Apollo"),
        ("SELECT COUNT() FROM Account WHERE CreatedDate = TODAY", "4"),
        ("SELECT COUNT() FROM Account WHERE CreatedDate < TODAY", "0"),
        ("SELECT Name FROM Project__c WHERE CALENDAR_MONTH(Kick_Off__c) = 2", "Apollo"),
        ("SELECT Name FROM Project__c WHERE DAY_ONLY(Kick_Off__c) = 2026-02-03", "Apollo"),
        ("SELECT Name FROM Opportunity WHERE CALENDAR_YEAR(CloseDate) IN (2025)", "Third"),
    ]);
}
