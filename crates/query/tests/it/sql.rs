//! What SQL people write, and what it answers now.

use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_query::{AsOf, Error};

use crate::captured_org::{CapturedOrg, describe, failure, id};

const ACCOUNT: [(&str, &str); 6] = [
    ("Name", "string"),
    ("AnnualRevenue", "currency"),
    ("NumberOfEmployees", "int"),
    ("IsActive__c", "boolean"),
    ("CreatedDate", "datetime"),
    ("Birthday__c", "date"),
];

async fn accounts() -> CapturedOrg {
    let mut org = CapturedOrg::new().await;
    let records = [
        (
            id(1),
            vec![
                ("Name", "Ünï, \"Ltd\""),
                ("AnnualRevenue", "0.1"),
                ("IsActive__c", "true"),
                ("CreatedDate", "2024-09-24T03:26:07.000Z"),
                ("Birthday__c", "2024-02-29"),
            ],
        ),
        (
            id(2),
            vec![
                ("Name", "Acme"),
                ("AnnualRevenue", "0.2"),
                ("NumberOfEmployees", "12"),
                ("IsActive__c", "false"),
            ],
        ),
        (
            id(3),
            vec![
                ("Name", "Odd"),
                ("AnnualRevenue", "much"),
                ("NumberOfEmployees", "1.5"),
                ("Birthday__c", "soon"),
            ],
        ),
    ];
    org.capture(&describe("Account", &ACCOUNT), &records, &[]).await;
    org.describe_only(&describe("Lead", &[("Company", "string")])).await;
    org.end_run().await;
    org
}

#[tokio::test]
async fn names_may_be_written_in_any_case() {
    let org = accounts().await;

    for sql in [
        "SELECT Id, Name FROM Account WHERE Name = 'Acme'",
        "select ID, NAME from ACCOUNT where nAmE = 'Acme'",
        r#"SELECT "id", "NAME" FROM "account" a WHERE A.name = 'Acme'"#,
        "SELECT account.id, Account.NAME FROM STATE.ACCOUNT WHERE ACCOUNT.Name = 'Acme'",
        "WITH found AS (SELECT * FROM Account) SELECT FOUND.id, name FROM Found WHERE name = 'Acme'",
    ] {
        let expected = ["Id,Name".to_owned(), format!("{},Acme", id(2))];
        assert_eq!(org.query(sql).await, expected, "{sql}");
    }
}

/// X-41.
#[tokio::test]
async fn the_default_view_is_typed_and_the_raw_view_keeps_the_text() {
    let org = accounts().await;
    let columns = "Name, AnnualRevenue, NumberOfEmployees, IsActive__c, CreatedDate, Birthday__c";

    let typed = org.query(&format!("SELECT {columns} FROM Account ORDER BY Id")).await;
    let raw = org.query(&format!("SELECT {columns} FROM raw.Account ORDER BY Id")).await;

    assert_eq!(
        typed[1..],
        [
            r#""Ünï, ""Ltd""",0.1,,true,2024-09-24T03:26:07.000Z,2024-02-29"#,
            "Acme,0.2,12,false,,",
            "Odd,,,,,",
        ]
    );
    assert_eq!(
        raw[1..],
        [
            r#""Ünï, ""Ltd""",0.1,,true,2024-09-24T03:26:07.000Z,2024-02-29"#,
            "Acme,0.2,12,false,,",
            "Odd,much,1.5,,,soon",
        ]
    );
}

/// X-09, X-41.
#[tokio::test]
async fn types_serve_comparison_and_arithmetic() {
    let org = accounts().await;

    for (sql, answer) in [
        ("SELECT SUM(AnnualRevenue) FROM Account", "0.3"),
        ("SELECT AnnualRevenue * 1.1 FROM Account WHERE Name = 'Acme'", "0.22"),
        ("SELECT Name FROM Account WHERE AnnualRevenue > 0.1", "Acme"),
        ("SELECT COUNT(*) FROM Account WHERE NumberOfEmployees BETWEEN 10 AND 20", "1"),
        ("SELECT COUNT(*) FROM Account WHERE CreatedDate < now() AND CreatedDate > '2024-09-24'", "1"),
        (
            "SELECT date_trunc('month', CreatedDate) FROM Account WHERE IsActive__c",
            "2024-09-01T00:00:00.000Z",
        ),
        ("SELECT Birthday__c + INTERVAL '1 day' FROM Account WHERE Birthday__c = '2024-02-29'", "2024-03-01"),
        ("SELECT COUNT(*) FROM Account WHERE IsActive__c IS NULL", "1"),
        ("SELECT upper(Name) || '!' FROM Account WHERE Name LIKE 'Ac%'", "ACME!"),
    ] {
        assert_eq!(org.query(sql).await[1..], [answer], "{sql}");
    }
}

/// X-09.
#[tokio::test]
async fn records_are_found_by_id_in_every_form() {
    let org = accounts().await;
    let (first, second, unknown) = (id(1), id(2), id(9));

    for (condition, found) in [
        (format!("Id = '{second}'"), vec![2]),
        (format!("'{second}' = id"), vec![2]),
        (format!("Id IN ('{second}', '{first}', '{unknown}')"), vec![1, 2]),
        (format!("Id = '{second}' OR Id = '{first}'"), vec![1, 2]),
        (format!("Id = '{second}' AND Id = '{first}'"), vec![]),
        (format!("Id = '{second}' OR Name = 'Odd'"), vec![2, 3]),
        (format!("Id NOT IN ('{second}')"), vec![1, 3]),
        ("Id = 'x'".to_owned(), vec![]),
        ("Id = NULL".to_owned(), vec![]),
    ] {
        let expected: Vec<_> = found.into_iter().map(id).collect();
        for schema in ["state", "raw", "history"] {
            let rows =
                org.query(&format!("SELECT Id FROM {schema}.Account WHERE {condition} ORDER BY Id")).await;
            assert_eq!(rows[1..], expected, "{condition} in {schema}");
        }
    }
}

#[tokio::test]
async fn objects_with_names_that_are_words_of_sql_can_be_joined() {
    let mut org = CapturedOrg::new().await;
    for object in ["Case", "Group", "Order", "User"] {
        org.capture(&describe(object, &[("Name", "string")]), &[(id(1), vec![("Name", object)])], &[]).await;
    }

    let sql = "SELECT Case.Name, group.name, Order.Name, u.Name FROM Case JOIN Group ON Case.Id = Group.Id \
               JOIN \"order\" ON Order.Id = Case.Id, User u WHERE u.id = Case.Id ORDER BY Case.Id";

    assert_eq!(org.query(sql).await, ["Name,Name_2,Name_3,Name_4", "Case,Group,Order,User"]);
}

#[tokio::test]
async fn tables_and_columns_can_be_listed() {
    let org = accounts().await;

    assert_eq!(org.query("show tables").await, ["table_name", "Account", "Lead"]);
    let described = org.query("DESCRIBE account").await;
    assert!(described.contains(&"AnnualRevenue,\"Decimal128(24, 8)\",YES".to_owned()), "{described:?}");
    assert_eq!(org.query("SHOW COLUMNS FROM Account").await, described);
    let sql = "SELECT COLUMN_NAME FROM Information_Schema.Columns WHERE table_schema = 'raw' AND table_name = 'Lead'";
    assert_eq!(org.query(sql).await[1..], ["Id", "IsDeleted", "SystemModstamp", "Company"]);
    assert_eq!(org.query("SELECT COUNT(*) FROM Lead").await[1..], ["0"]);
}

#[tokio::test]
async fn what_does_not_read_is_refused_and_changes_nothing() {
    let org = accounts().await;
    let engine = org.at(AsOf::Now).await;
    let target = org.lake_path().join("stolen.csv");

    for sql in [
        format!("COPY Account TO '{}'", target.display()),
        "DROP TABLE Account".to_owned(),
        "CREATE TABLE x AS SELECT * FROM Account".to_owned(),
        "INSERT INTO Account SELECT * FROM Account".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "SELECT * INTO x FROM Account".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        "SELECT * FROM '/etc/passwd'".to_owned(),
        "SELECT nonsense(".to_owned(),
        String::new(),
    ] {
        let error = failure(&engine, &sql).await;
        assert_eq!((error.code(), error.retry()), (ErrorCode::QueryRefused, Retry::Never), "{sql}: {error}");
    }
    assert!(!target.exists());
    assert_eq!(org.query("SELECT COUNT(*) FROM Account").await[1..], ["3"]);
}

#[tokio::test]
async fn mistakes_are_told_with_what_was_meant() {
    let org = accounts().await;
    let engine = org.at(AsOf::Now).await;

    for (sql, message) in [
        ("SELECT * FROM Acount", "there is no `Acount` at this moment; did you mean `Account`?"),
        (
            "SELECT * FROM nowhere.Account",
            "there is no `nowhere.Account` at this moment; did you mean `Account`?",
        ),
        ("SELECT nam FROM Account", "there is no column `nam`; did you mean `Name`?"),
        ("SELECT a.shoe_size FROM Account a", "there is no column `a.shoe_size`"),
        (
            "DELETE FROM Account",
            "`DELETE` is refused: a query only reads \
           (SELECT, WITH, VALUES, SHOW TABLES, DESCRIBE, EXPLAIN)",
        ),
    ] {
        assert_eq!(failure(&engine, sql).await.to_string(), message);
    }
    let by_zero = failure(&engine, "SELECT NumberOfEmployees / 0 FROM Account").await;
    assert!(matches!(by_zero, Error::NotEvaluated { .. }), "{by_zero:?}");
    assert_eq!(by_zero.code(), ErrorCode::QueryRefused);
}
