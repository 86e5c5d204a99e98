//! Aggregates and groups.

use super::check;

#[test]
fn aggregates_without_groups_answer_one_row() {
    check(&[
        ("SELECT COUNT(Id) FROM Account", "expr0=4"),
        ("SELECT COUNT(Industry) filled, COUNT_DISTINCT(Industry) kinds FROM Account", "filled=3|kinds=2"),
        (
            "SELECT MIN(SystemModstamp), MAX(SystemModstamp) FROM Account",
            "expr0=2026-03-11T10:00:00.000Z|expr1=2026-03-11T10:03:00.000Z",
        ),
        ("SELECT MIN(SystemModstamp) m FROM Account WHERE SystemModstamp > 2030-01-01T00:00:00Z", "m=-"),
        (
            "SELECT SUM(NumberOfEmployees), AVG(NumberOfEmployees) FROM Account",
            "expr0=62|expr1=20.666666666666666666",
        ),
        ("SELECT SUM(Amount) FROM Opportunity", "expr0=3500.5"),
        ("SELECT MIN(Name), MAX(Name) FROM Account", "expr0=Acme|expr1=O'Brien 100%"),
        ("SELECT COUNT(Id) FROM Account WHERE Name = 'nobody'", "expr0=0"),
        ("SELECT COUNT(Account.Industry) FROM Contact", "expr0=3"),
        ("ALL: SELECT COUNT(Id) c, MAX(SystemModstamp) m FROM Account", "c=5|m=2026-03-11T10:16:00.000Z"),
    ]);
}

#[test]
fn groups_are_counted_filtered_and_ordered() {
    check(&[
        (
            "SELECT Industry, COUNT(Id) FROM Account GROUP BY Industry",
            "Industry=-|expr0=1 / Industry=Banking|expr0=1 / Industry=Technology|expr0=2",
        ),
        (
            "SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry HAVING COUNT(Id) > 1",
            "Industry=Technology|n=2",
        ),
        (
            "SELECT Industry i, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC, Industry NULLS LAST LIMIT 2",
            "i=Technology|n=2 / i=Banking|n=1",
        ),
        (
            "SELECT CALENDAR_YEAR(CloseDate), COUNT(Id) FROM Opportunity GROUP BY CALENDAR_YEAR(CloseDate)",
            "expr0=2025|expr1=1 / expr0=2026|expr1=2",
        ),
        (
            "SELECT CALENDAR_YEAR(CreatedDate) y, CALENDAR_MONTH(CreatedDate) m, COUNT(Id) n FROM Account GROUP BY CALENDAR_YEAR(CreatedDate), CALENDAR_MONTH(CreatedDate)",
            "y=2026|m=3|n=4",
        ),
        (
            "SELECT DAY_ONLY(CreatedDate) d, COUNT(Id) n FROM Account GROUP BY DAY_ONLY(CreatedDate)",
            "d=2026-03-11|n=4",
        ),
        (
            "SELECT HOUR_IN_DAY(CreatedDate) h, COUNT(Id) n FROM Account GROUP BY HOUR_IN_DAY(CreatedDate)",
            "h=10|n=4",
        ),
        (
            "SELECT Account.Name, COUNT(Id) FROM Contact GROUP BY Account.Name ORDER BY Account.Name",
            "Name=-|expr0=1 / Name=Acme|expr0=2 / Name=Beta & Söhne|expr0=1",
        ),
        (
            "SELECT StageName, SUM(Amount) s FROM Opportunity GROUP BY StageName HAVING SUM(Amount) >= 2500 AND StageName LIKE 'Closed%'",
            "StageName=Closed Won|s=2500",
        ),
        (
            "SELECT BillingCity, COUNT(Id) FROM Account WHERE BillingCity != null GROUP BY BillingCity",
            "BillingCity=Köln|expr0=1 / BillingCity=Paris|expr0=2",
        ),
        ("SELECT Industry FROM Account GROUP BY Industry OFFSET 2", "Industry=Technology"),
        ("SELECT Name FROM Account WHERE Name = 'nobody' GROUP BY Name", ""),
    ]);
}
