//! Every environment variable that Holdfast reads, declared once.
//!
//! A flag wins over its variable, and a variable over `holdfast.toml`. The reference page is made
//! from [`ALL`]; a test compares it with what the flags of the command line name.

pub(crate) const CONFIG: &str = "HOLDFAST_CONFIG";
pub(crate) const DATA_DIR: &str = "HOLDFAST_DATA_DIR";
pub(crate) const DATABASE_URL: &str = "HOLDFAST_DATABASE_URL";
pub(crate) const LAKE_URL: &str = "HOLDFAST_LAKE_URL";
pub(crate) const LISTEN: &str = "HOLDFAST_LISTEN";
pub(crate) const PUBLIC_URL: &str = "HOLDFAST_PUBLIC_URL";
pub(crate) const BEHIND_PROXY: &str = "HOLDFAST_BEHIND_PROXY";
pub(crate) const LOG_LEVEL: &str = "HOLDFAST_LOG_LEVEL";
pub(crate) const LOG_FORMAT: &str = "HOLDFAST_LOG_FORMAT";
pub(crate) const PARALLEL: &str = "HOLDFAST_PARALLEL";
pub(crate) const GIVE_UP_AFTER: &str = "HOLDFAST_GIVE_UP_AFTER";
pub(crate) const ROUND_EVERY: &str = "HOLDFAST_ROUND_EVERY";
pub(crate) const WARN_AFTER: &str = "HOLDFAST_WARN_AFTER";
pub(crate) const ACCESS_TOKEN: &str = "HOLDFAST_ACCESS_TOKEN";
pub(crate) const SFDX_AUTH_URL: &str = "HOLDFAST_SFDX_AUTH_URL";
pub(crate) const CLIENT_SECRET: &str = "HOLDFAST_CLIENT_SECRET";
pub(crate) const JWT_KEY: &str = "HOLDFAST_JWT_KEY";
pub(crate) const RUST_LOG: &str = "RUST_LOG";
pub(crate) const TEST_CRASH_AT: &str = "HOLDFAST_TEST_CRASH_AT";

/// One variable, as the reference page shows it.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
}

const fn variable(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning }
}

pub(crate) const ALL: &[Variable] = &[
    variable(CONFIG, "configuration file, in place of `holdfast.toml` in the current directory"),
    variable(
        DATA_DIR,
        "data directory: catalog.db, secret.key, cache, and the lake unless it lies elsewhere",
    ),
    variable(DATABASE_URL, "catalog database, `postgres://…` or `sqlite://…`"),
    variable(LAKE_URL, "where the lake lies: a path, `s3://…`, `az://…` or `gs://…`"),
    variable(LISTEN, "address that `holdfast serve` listens on"),
    variable(PUBLIC_URL, "where browsers find `holdfast serve`"),
    variable(BEHIND_PROXY, "`true` if a proxy in front of `holdfast serve` says who asks"),
    variable(
        LOG_LEVEL,
        "`error`, `warn`, `info`, `debug`, `trace`, or a filter such as `holdfast_engine=debug`",
    ),
    variable(LOG_FORMAT, "`text` or `json`"),
    variable(PARALLEL, "objects that are read at the same time"),
    variable(GIVE_UP_AFTER, "how long a failing object is tried again before a backup goes on without it"),
    variable(ROUND_EVERY, "auto backup: the pause between two looks at the org"),
    variable(WARN_AFTER, "how long an object or an org may fail before its light turns yellow"),
    variable(ACCESS_TOKEN, "secret of `org add --access-token`"),
    variable(SFDX_AUTH_URL, "secret of `org add --sfdx-auth-url`"),
    variable(CLIENT_SECRET, "secret of `org add --client-id`"),
    variable(JWT_KEY, "private key (PEM text) of `org add --client-id … --username …`"),
    variable(
        TEST_CRASH_AT,
        "for tests of crash safety: the process aborts just before a durable step, such as `commit:3` (the third)",
    ),
    variable(RUST_LOG, "read as the log filter when neither `--log-level` nor HOLDFAST_LOG_LEVEL is given"),
];

/// The value of one variable; an empty one counts as not set.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub(crate) fn get(name: &str) -> Option<String> {
    debug_assert!(ALL.iter().any(|variable| variable.name == name), "`{name}` is not declared");
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
