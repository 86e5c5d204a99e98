//! `holdfast query`: SQL over an org's backups at any moment.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::invocation::Invocation;

/// Ask the backups in SQL, at any moment
///
/// Each object is a table, typed by the describe of that moment: `Account` is its state, `history.Account`
/// all its versions, `raw.Account` the text as it was captured. SHOW TABLES lists them.
///
/// With --json, one JSON object a line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  holdfast query acme \"SELECT Industry, count(*) FROM Account GROUP BY 1\"
  holdfast query acme \"SELECT Name FROM Account\" --as-of 2026-01-31T18:00:00Z
  holdfast query acme \"SELECT count(*) FROM Contact\" --as-of latest --csv")]
pub(crate) struct QueryArgs {
    /// Name or id of the org
    org: String,

    /// The SQL; `-` reads it from standard input
    sql: String,

    /// The moment to look at: a time, a date, or a run [default: now]
    #[arg(long, value_name = "TIME|RUN")]
    as_of: Option<String>,

    /// Answer in CSV as RFC 4180 has it: lines end with CRLF, an empty text is quoted, NULL is not
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[cfg(not(feature = "query"))]
#[expect(clippy::unused_async, reason = "the other build of this function waits")]
pub(crate) async fn run(args: QueryArgs, invocation: Invocation) -> Result<Exit> {
    let (_, _) = (args, invocation);
    Err(crate::failure::CommandError::NotBuilt("this holdfast was built without SQL").into())
}

#[cfg(feature = "query")]
pub(crate) use with_sql::run;

#[cfg(feature = "query")]
mod with_sql {
    use std::io::{self, BufWriter, Read};

    use holdfast_query::{AsOf, Format, QueryEngine, QueryOptions, render};

    use super::{Exit, Invocation, QueryArgs, Result};
    use crate::commands::run::resolve;
    use crate::failure::CommandError;

    pub(crate) async fn run(args: QueryArgs, invocation: Invocation) -> Result<Exit> {
        let sql = if args.sql == "-" { standard_input()? } else { args.sql };
        let engine = invocation.engine().await?;
        let org = engine.org(&args.org).await?;
        let as_of = match args.as_of {
            None => AsOf::Now,
            Some(text) => match text.parse::<AsOf>() {
                Ok(as_of) => as_of,
                Err(not_a_moment) => match resolve(&engine, &text).await {
                    Ok(run) => AsOf::Run(run),
                    // A name that is neither is more often a time gone wrong than a run.
                    Err(_) if text != "latest" => return Err(not_a_moment.into()),
                    Err(no_run) => return Err(no_run),
                },
            },
        };
        let format = match (invocation.output.is_json, args.csv) {
            (true, _) => Format::JsonLines,
            (_, true) => Format::Csv,
            _ => Format::Table,
        };
        let queries =
            QueryEngine::open_with(engine.lake().org(&org.id), as_of, QueryOptions::default()).await?;
        let answer = queries.query(&sql).await?;
        let mut out = BufWriter::new(io::stdout());
        match render(answer, format, &mut out).await {
            // A reader that has gone away (`| head`) is no failure.
            Err(holdfast_query::Error::NotWritten { source })
                if source.kind() == io::ErrorKind::BrokenPipe => {}
            other => drop(other?),
        }
        Ok(Exit::Done)
    }

    fn standard_input() -> Result<String, CommandError> {
        let mut sql = String::new();
        io::stdin()
            .lock()
            .take(1 << 20)
            .read_to_string(&mut sql)
            .map_err(|source| CommandError::Unreadable { what: "standard input".to_owned(), source })?;
        Ok(sql)
    }
}
