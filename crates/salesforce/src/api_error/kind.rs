//! What an error code of Salesforce means for us.
//!
//! Codes come from the REST API Developer Guide ("Status Codes and Error Responses"), the SOAP API
//! Developer Guide ("Core Data Types Used in API Calls", `ExceptionCode`) and the Bulk API 2.0 guide,
//! whose codes are upper case without separators. An unknown code is judged by the HTTP status.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// The session is gone; a new one may help.
    SessionExpired,
    /// The session is alive and not allowed to do this; a new one would not help.
    SessionUnfit,
    /// The org's 24-hour allocation of calls or jobs is used up.
    LimitReached,
    /// Overload, locks, maintenance, the edge: goes away by itself.
    Busy,
    /// Too many rows, too many fields, too long a query.
    TooLarge,
    /// A query's cursor is gone; the query must be run again from where it stopped.
    CursorLost,
    PermissionMissing,
    /// A field or object is not there, or not visible: describe again.
    SchemaChanged,
    /// The object answers only queries with a particular filter or order.
    FilterNeeded,
    /// Bulk does not serve this object or field; REST may.
    BulkUnsupported,
    /// The object cannot be read this way by anybody.
    ObjectUnsupported,
    /// getDeleted or getUpdated cannot look back so far.
    OutsideReplication,
    NotFound,
    /// Refused for another reason that repeating does not remove.
    Refused,
}

impl ApiErrorKind {
    pub(super) fn of(status: u16, code: &str, message: &str) -> Self {
        by_message(code, message).or_else(|| by_code(code, message)).unwrap_or_else(|| by_status(status))
    }
}

/// Messages that say more than the code beside them.
fn by_message(code: &str, message: &str) -> Option<ApiErrorKind> {
    const PASSING: [&str; 4] = [
        "Unable to complete the creation of the query cursor at this time",
        "Failed while fetching query cursor data for this QueryLocator",
        "Unexpected internal servlet state",
        "Bad Message 400",
    ];
    const UNFIT: [&str; 2] =
        ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"];
    let says = |text: &str| message.contains(text);
    if UNFIT.iter().any(|text| says(text)) {
        return Some(ApiErrorKind::SessionUnfit);
    }
    if PASSING.iter().any(|text| says(text)) {
        return Some(ApiErrorKind::Busy);
    }
    if says("Bad_OAuth_Token") {
        return Some(ApiErrorKind::SessionExpired);
    }
    if says("not supported by the Bulk API") || says("not supported in Bulk Query") {
        return Some(ApiErrorKind::BulkUnsupported);
    }
    let about_the_filter =
        says("Implementation restriction") || says("can not be sorted") || says("can not be filtered");
    if about_the_filter && matches!(code, "MALFORMED_QUERY" | "API_ERROR" | "INVALID_FIELD") {
        return Some(ApiErrorKind::FilterNeeded);
    }
    if says("SOQL statements can not be longer than") || says("Retried more than fifteen times") {
        return Some(ApiErrorKind::TooLarge);
    }
    None
}

/// Codes whose meaning does not depend on the message. Those under `Refused` are permanent whatever
/// the status; codes that are not here are judged by the status.
const CODES: [(ApiErrorKind, &[&str]); 12] = [
    (
        ApiErrorKind::SessionExpired,
        &["INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "INVALIDSESSIONID", "InvalidSessionId"],
    ),
    (
        ApiErrorKind::LimitReached,
        &["REQUEST_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "EXCEEDEDQUOTA", "ExceededQuota"],
    ),
    (
        ApiErrorKind::Busy,
        &[
            "SERVER_UNAVAILABLE",
            "UNABLE_TO_LOCK_ROW",
            "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE",
            "ORG_IN_MAINTENANCE",
            "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
            "UNKNOWN_EXCEPTION",
            "UNEXPECTED_ERROR",
            "EXTERNAL_OBJECT_CONNECTION_EXCEPTION",
            "ERROR_HTTP_420",
            "TOOMANYLOCKFAILURE",
            "InternalServerError",
            "UNKNOWN",
        ],
    ),
    (
        ApiErrorKind::TooLarge,
        &[
            "QUERY_TIMEOUT",
            "QUERY_TOO_COMPLICATED",
            "OPERATION_TOO_LARGE",
            "EXCEEDED_ID_LIMIT",
            "EXCEEDED_MAX_SIZE_REQUEST",
            "REQUEST_RUNNING_TOO_LONG",
            "INVALID_BATCH_SIZE",
            "EXCEEDED_MAX_SOBJECTS",
            "TIMEOUT",
        ],
    ),
    (ApiErrorKind::CursorLost, &["INVALID_QUERY_LOCATOR"]),
    (ApiErrorKind::SchemaChanged, &["INVALID_FIELD", "INVALID_TYPE"]),
    (ApiErrorKind::BulkUnsupported, &["INVALIDENTITY", "InvalidEntity"]),
    (ApiErrorKind::OutsideReplication, &["INVALID_REPLICATION_DATE"]),
    (ApiErrorKind::NotFound, &["NOT_FOUND", "NOTFOUND", "ENTITY_IS_DELETED"]),
    (
        ApiErrorKind::ObjectUnsupported,
        &[
            "FUNCTIONALITY_NOT_ENABLED",
            "FEATURENOTENABLED",
            "INVALID_TYPE_FOR_OPERATION",
            "BIG_OBJECT_UNSUPPORTED_OPERATION",
            "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION",
        ],
    ),
    (
        ApiErrorKind::PermissionMissing,
        &[
            "API_DISABLED_FOR_ORG",
            "API_CURRENTLY_DISABLED",
            "INSUFFICIENT_ACCESS",
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "CLIENT_NOT_ACCESSIBLE_FOR_USER",
            "TXN_SECURITY_METERING_ERROR",
            "TXN_SECURITY_NO_ACCESS",
        ],
    ),
    (
        ApiErrorKind::Refused,
        &[
            "MALFORMED_QUERY",
            "MALFORMED_ID",
            "INVALID_QUERY_FILTER_OPERATOR",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "UNSUPPORTED_API_VERSION",
            "METHOD_NOT_ALLOWED",
            "JSON_PARSER_ERROR",
            "XML_PARSER_ERROR",
            "INVALID_MULTIPART_REQUEST",
            "STORAGE_LIMIT_EXCEEDED",
            "EXCEEDED_QUOTA",
            "ORG_LOCKED",
            "TRIAL_EXPIRED",
            "API_ERROR",
            "INVALIDJOB",
            "INVALIDJOBSTATE",
        ],
    ),
];

fn by_code(code: &str, message: &str) -> Option<ApiErrorKind> {
    match code {
        "REQUEST_LIMIT_EXCEEDED" if message.contains("Concurrent") => Some(ApiErrorKind::Busy),
        "LIMIT_EXCEEDED" if message.contains("Too many") => Some(ApiErrorKind::TooLarge),
        _ => CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(kind, _)| *kind),
    }
}

fn by_status(status: u16) -> ApiErrorKind {
    match status {
        401 => ApiErrorKind::SessionExpired,
        404 => ApiErrorKind::NotFound,
        413 | 414 | 431 => ApiErrorKind::TooLarge,
        406 | 408 | 420 | 429 | 500..=599 => ApiErrorKind::Busy,
        _ => ApiErrorKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApiErrorKind as Kind;

    const MEANINGS: [(u16, &str, &str, Kind); 31] = [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Kind::SessionExpired),
        (
            401,
            "INVALID_SESSION_ID",
            "This session is not valid for use with the REST API",
            Kind::SessionUnfit,
        ),
        (401, "HTTP_401", "Connected app is not attached to Agent", Kind::SessionUnfit),
        (403, "HTTP_403", "Bad_OAuth_Token", Kind::SessionExpired),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Kind::LimitReached),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", Kind::Busy),
        (
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            Kind::Busy,
        ),
        (403, "API_CURRENTLY_DISABLED", "", Kind::PermissionMissing),
        (400, "INVALID_TYPE", "sObject type 'X' is not supported.", Kind::SchemaChanged),
        (400, "INVALID_FIELD", "No such column 'X'", Kind::SchemaChanged),
        (400, "MALFORMED_QUERY", "unexpected token", Kind::Refused),
        (
            400,
            "MALFORMED_QUERY",
            "Implementation restriction: ContentDocumentLink requires a filter",
            Kind::FilterNeeded,
        ),
        (400, "MALFORMED_QUERY", "field 'CreatedDate' can not be sorted in a query call", Kind::FilterNeeded),
        (400, "MALFORMED_QUERY", "SOQL statements can not be longer than 100000 characters", Kind::TooLarge),
        (400, "INVALID_QUERY_LOCATOR", "invalid query locator", Kind::CursorLost),
        (
            400,
            "INVALIDENTITY",
            "entity type AccountFeed is not supported by the Bulk API",
            Kind::BulkUnsupported,
        ),
        (400, "API_ERROR", "Selecting compound data not supported in Bulk Query", Kind::BulkUnsupported),
        (
            403,
            "FUNCTIONALITY_NOT_ENABLED",
            "Selecting compound data not supported in Bulk Query",
            Kind::BulkUnsupported,
        ),
        (403, "FUNCTIONALITY_NOT_ENABLED", "", Kind::ObjectUnsupported),
        (400, "QUERY_TIMEOUT", "Your query request was running for too long.", Kind::TooLarge),
        (
            400,
            "INVALID_REPLICATION_DATE",
            "startDate cannot be more than 30 days ago",
            Kind::OutsideReplication,
        ),
        (500, "UNKNOWN_EXCEPTION", "1234567-12345 (-1234567)", Kind::Busy),
        (200, "InternalServerError", "Retried more than fifteen times", Kind::TooLarge),
        (400, "A_CODE_OF_NEXT_YEAR", "", Kind::Refused),
        (503, "A_CODE_OF_NEXT_YEAR", "", Kind::Busy),
        (406, "HTTP_406", "an empty answer", Kind::Busy),
        (420, "HTTP_420", "", Kind::Busy),
        (429, "HTTP_429", "", Kind::Busy),
        (414, "HTTP_414", "a page titled `Bad Message 414`", Kind::TooLarge),
        (431, "HTTP_431", "", Kind::TooLarge),
        (410, "UNSUPPORTED_API_VERSION", "", Kind::Refused),
    ];

    #[test]
    fn a_table_of_codes_and_what_they_mean() {
        for (status, code, message, kind) in MEANINGS {
            assert_eq!(Kind::of(status, code, message), kind, "{status} {code} {message}");
        }
    }
}
