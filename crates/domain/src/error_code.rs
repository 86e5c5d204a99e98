//! The only table of failures that a user sees: code, exit code, HTTP status and hint.

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($variant:ident = $text:literal, $status:literal, $hint:literal;)*) => {
        /// A failure that a user can be told about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode { $($variant,)* }

        impl ErrorCode {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name, as it stands in JSON and in documents.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The HTTP status that the API answers with.
            pub fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What the reader can do next.
            pub fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

error_codes! {
    BadInput = "bad_input", 400, "check what was given; `holdfast help` says what a command takes";
    NotFound = "not_found", 404, "check the spelling; on the command line also --data-dir: `holdfast org list`, `user list`, `run list` and `auto status` show what there is";
    AlreadyExists = "already_exists", 409, "give what exists the name that it has, and what is new a name that is free";
    NotSalesforce = "not_salesforce", 422, "use the My Domain address of the org, such as https://example.my.salesforce.com";
    OrgUnreachable = "org_unreachable", 503, "check the address and the network; a run under way tries again by itself";
    NeedsReauthorisation = "needs_reauthorisation", 422, "check the credentials and give them to `holdfast org add`; an org that is known keeps its name";
    PermissionMissing = "permission_missing", 422, "grant the integration user what the message names; the next run goes on where this one stopped";
    ObjectNotCapturable = "object_not_capturable", 422, "nothing: Salesforce does not let this object be read by queries";
    RequestRefused = "request_refused", 422, "read Salesforce's own words above; the other objects go on";
    ApiBudgetReached = "api_budget_reached", 429, "start again when the 24-hour window has moved, as auto backup does by itself; or raise the share with `holdfast org set --api-budget`";
    ApiLimitReached = "api_limit_reached", 429, "the org has used up its daily API calls; start again when the 24-hour window has moved, as auto backup does by itself";
    CountsDiffer = "counts_differ", 409, "the org may have changed while it was counted: the next run compares again";
    OrgBusy = "org_busy", 503, "start the same command again in a while; a run under way tries again by itself";
    AnswerUnreadable = "answer_unreadable", 502, "start the same command again; if it lasts, look for a proxy that changes answers";
    LakeUnreachable = "lake_unreachable", 503, "check that the lake's location exists and may be read and written";
    LakeFull = "lake_full", 507, "free some space; what was captured before is safe and the run goes on from there";
    LakeReadOnly = "lake_read_only", 507, "give the user that runs Holdfast the right to write to the lake's location";
    LakeTooNew = "lake_too_new", 409, "this lake was written by a newer Holdfast: use that version or a later one";
    LakeDamaged = "lake_damaged", 500, "run `holdfast check --read-data` to see everything that is damaged; restore those files from a copy of the lake";
    LakeDocumentLost = "lake_document_lost", 500, "put `holdfast.json` back from a copy, or let `holdfast rebuild` write it anew from what the lake holds";
    CatalogUnreachable = "catalog_unreachable", 503, "check --database-url, or that the data directory may be read and written";
    CatalogDamaged = "catalog_damaged", 500, "put the database back from a copy; a SQLite file is also set aside and read back from the lake by `holdfast rebuild`";
    CatalogTooNew = "catalog_too_new", 409, "this catalog was written by a newer Holdfast: use that version or a later one";
    SecretKeyMismatch = "secret_key_mismatch", 409, "put back the secret.key that belongs to this catalog, or connect the orgs again";
    LeaseLost = "lease_lost", 409, "another Holdfast process is writing the same object; this one stops";
    NotSignedIn = "not_signed_in", 401, "sign in; or give an API token that has not ended, as `Authorization: Bearer`";
    SignInRefused = "sign_in_refused", 401, "check what you typed; an owner of the team can remove a lost authenticator and send a new invitation";
    NotAllowed = "not_allowed", 403, "ask an owner of the team for the right that the message names";
    ForeignRequest = "foreign_request", 403, "open Holdfast at its own address; programs use an API token instead of the cookie";
    LinkExpired = "link_expired", 404, "ask for a new link; the one of the first start is printed again when `holdfast serve` starts";
    StateForbids = "state_forbids", 409, "read what stands in the way, and change that first";
    TooManyRequests = "too_many_requests", 429, "wait as long as `Retry-After` says, and try again";
    TooLarge = "too_large", 413, "send less at once";
    IdentityProviderFailed = "identity_provider_failed", 502, "check issuer, client and secret of single sign-on, and whether the provider can be reached";
    NotBuilt = "not_built", 501, "use a Holdfast that was built with it: `cargo build -p holdfast --features query`";
    QueryRefused = "query_refused", 400, "correct the SQL; `holdfast query ORG \"SHOW TABLES\"` lists what can be read";
    Cancelled = "cancelled", 503, "start it again when it is wanted; what was stored is safe, and a run goes on where it stopped";
    Interrupted = "interrupted", 503, "start the same command again; it goes on where it stopped";
    Internal = "internal", 500, "this is a defect in Holdfast; please report it with the log";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_json_is_the_name_in_documents() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
        }
    }
}
