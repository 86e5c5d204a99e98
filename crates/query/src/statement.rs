//! Reads the SQL and lets through only what reads: everything that would change or write anything is refused.
//!
//! This is the first gate. The second is the planner's own (`SQLOptions` in [`crate::engine`]),
//! which refuses any such step within a plan, such as `SELECT … INTO`.

use datafusion::sql::sqlparser::ast::{DescribeAlias, Query, SetExpr, Statement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::names::Words;
use crate::{Error, Result};

/// What `SHOW TABLES` answers: the raw and history views have the same names.
const SHOW_TABLES: &str = "SELECT table_name FROM information_schema.tables \
     WHERE table_schema = 'state' ORDER BY table_name";

/// Refuses by its first word what cannot be a reading statement.
pub(crate) fn check_first_word(words: &Words<'_>) -> Result<()> {
    const READING: [&str; 8] = ["SELECT", "WITH", "VALUES", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "("];
    let first = words.first().ok_or(Error::Empty)?.to_ascii_uppercase();
    if READING.contains(&first.as_str()) { Ok(()) } else { Err(Error::OnlyReads { statement: first }) }
}

/// The one statement of `sql`, if it only reads.
pub(crate) fn parse(sql: &str) -> Result<Statement> {
    check_first_word(&Words::of(sql)?)?;
    let mut statements = parse_all(sql)?;
    let count = statements.len();
    match statements.pop() {
        Some(statement) if count == 1 => reading(statement),
        _ => Err(Error::ManyStatements { count }),
    }
}

fn parse_all(sql: &str) -> Result<Vec<Statement>> {
    Parser::parse_sql(&GenericDialect {}, sql).map_err(|source| Error::NotSql { source })
}

fn reading(statement: Statement) -> Result<Statement> {
    match statement {
        Statement::Query(ref query) => {
            only_reads(query)?;
            Ok(statement)
        }
        Statement::Explain { statement: ref inner, .. } => match inner.as_ref() {
            Statement::Query(query) => {
                only_reads(query)?;
                Ok(statement)
            }
            inner => Err(Error::OnlyReads { statement: first_words(inner) }),
        },
        Statement::ExplainTable { describe_alias, hive_format, has_table_keyword, table_name } => {
            let describe_alias = match describe_alias {
                DescribeAlias::Explain => DescribeAlias::Describe,
                other => other,
            };
            Ok(Statement::ExplainTable { describe_alias, hive_format, has_table_keyword, table_name })
        }
        Statement::ShowTables { .. } => Ok(parse_all(SHOW_TABLES)?.remove(0)),
        Statement::ShowColumns { show_options, .. } => {
            let table_name = show_options.show_in.and_then(|show_in| show_in.parent_name);
            let table_name =
                table_name.ok_or_else(|| Error::OnlyReads { statement: "SHOW COLUMNS".to_owned() })?;
            Ok(Statement::ExplainTable {
                describe_alias: DescribeAlias::Describe,
                hive_format: None,
                has_table_keyword: false,
                table_name,
            })
        }
        other => Err(Error::OnlyReads { statement: first_words(&other) }),
    }
}

/// Refuses what hides in a query's body: `SELECT … INTO`, `WITH … INSERT`.
fn only_reads(query: &Query) -> Result<()> {
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        only_reads(&cte.query)?;
    }
    body_only_reads(&query.body)
}

fn body_only_reads(body: &SetExpr) -> Result<()> {
    match body {
        SetExpr::Select(select) if select.into.is_some() => {
            Err(Error::OnlyReads { statement: "SELECT INTO".to_owned() })
        }
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Table(_) => Ok(()),
        SetExpr::Query(query) => only_reads(query),
        SetExpr::SetOperation { left, right, .. } => {
            body_only_reads(left)?;
            body_only_reads(right)
        }
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => Err(Error::OnlyReads { statement: first_words(statement) }),
    }
}

/// Enough of a statement to name it, without repeating its values.
fn first_words(statement: &Statement) -> String {
    let text = statement.to_string();
    text.split_whitespace()
        .take_while(|word| word.chars().all(|c| c.is_ascii_uppercase()))
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_passes() {
        for sql in [
            "SELECT 1",
            "select * from Account;",
            "(SELECT 1) UNION ALL SELECT 2",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "VALUES (1), (2)",
            "EXPLAIN SELECT 1",
            "EXPLAIN ANALYZE SELECT 1",
            "DESCRIBE Account",
            "DESC history.Account",
            "EXPLAIN Account",
            "SHOW TABLES",
            "SHOW COLUMNS FROM \"Account\"",
            "SHOW COLUMNS FROM Contact",
            "-- all\nSELECT 1",
            "SELECT Id FROM Order",
            "SELECT Id FROM Case c",
            "SELECT Id FROM Group WHERE Type = 'Queue'",
            "SELECT Id FROM User",
        ] {
            assert!(parse(sql).is_ok(), "{sql}: {:?}", parse(sql));
        }
    }

    #[test]
    fn what_changes_or_writes_is_refused_by_name() {
        for (sql, name) in [
            ("DROP TABLE Account", "DROP"),
            ("CREATE TABLE a AS SELECT 1", "CREATE"),
            ("CREATE EXTERNAL TABLE a STORED AS CSV LOCATION '/etc/passwd'", "CREATE"),
            ("COPY Account TO '/tmp/a.csv'", "COPY"),
            ("copy (SELECT 1) to 'a.parquet'", "COPY"),
            ("INSERT INTO Account VALUES (1)", "INSERT"),
            ("UPDATE Account SET Name = 'x'", "UPDATE"),
            ("DELETE FROM Account", "DELETE"),
            ("SET datafusion.execution.batch_size = 1", "SET"),
            ("TRUNCATE TABLE Account", "TRUNCATE"),
            ("PREPARE p AS SELECT 1", "PREPARE"),
            ("SELECT * INTO b FROM Account", "SELECT INTO"),
            ("WITH a AS (SELECT 1) INSERT INTO Account SELECT * FROM a", "INSERT INTO"),
            ("WITH a AS (DELETE FROM Account RETURNING *) SELECT * FROM a", "DELETE FROM"),
            ("SELECT 1 UNION ALL (SELECT * INTO b FROM Account)", "SELECT INTO"),
            ("EXPLAIN DELETE FROM Account", "DELETE FROM"),
        ] {
            match parse(sql) {
                Err(Error::OnlyReads { statement }) => assert_eq!(statement, name, "{sql}"),
                other => panic!("{sql}: {other:?}"),
            }
        }
    }

    #[test]
    fn one_statement_is_expected() {
        assert!(matches!(parse(" ; "), Err(Error::Empty)));
        assert!(matches!(parse("SELECT 1; DROP TABLE a"), Err(Error::ManyStatements { count: 2 })));
        assert!(matches!(parse("SELECT * FROM"), Err(Error::NotSql { .. })));
    }
}
