//! A refusal of the token endpoint (RFC 6749, section 5.2, with Salesforce's additions).

use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Salesforce answered `{error}` (status {status}): {}", description.as_deref().unwrap_or("no reason given"))]
pub struct OAuthError {
    pub status: u16,
    pub error: String,
    pub description: Option<String>,
}

impl OAuthError {
    fn passes_by_itself(&self) -> bool {
        let says_so = matches!(
            self.error.as_str(),
            "rate_limit_exceeded" | "server_error" | "temporarily_unavailable" | "unknown_error"
        );
        says_so || self.status == 429 || self.status >= 500
    }

    pub fn retry(&self) -> Retry {
        if self.passes_by_itself() { Retry::BackOff } else { Retry::Never }
    }

    pub fn error_code(&self) -> ErrorCode {
        if self.passes_by_itself() {
            return ErrorCode::OrgBusy;
        }
        let description = self.description.as_deref().unwrap_or_default();
        let user_lacks_a_right = matches!(
            self.error.as_str(),
            "inactive_user" | "inactive_org" | "invalid_app_access" | "invalid_app_acces" | "access_denied"
        ) || self.error.starts_with("OAUTH_")
            || description.contains("hasn't approved this consumer")
            || description.contains("IP restricted");
        if user_lacks_a_right { ErrorCode::PermissionMissing } else { ErrorCode::NeedsReauthorisation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_grant_is_permanent_and_an_overloaded_login_is_not() {
        let error = |status, error: &str, description: Option<&str>| OAuthError {
            status,
            error: error.into(),
            description: description.map(Into::into),
        };
        for (refusal, retry, code) in [
            (
                error(400, "invalid_grant", Some("expired access/refresh token")),
                Retry::Never,
                ErrorCode::NeedsReauthorisation,
            ),
            (error(400, "invalid_grant", None), Retry::Never, ErrorCode::NeedsReauthorisation),
            (
                error(400, "invalid_grant", Some("user hasn't approved this consumer")),
                Retry::Never,
                ErrorCode::PermissionMissing,
            ),
            (error(401, "invalid_client", None), Retry::Never, ErrorCode::NeedsReauthorisation),
            (error(400, "rate_limit_exceeded", None), Retry::BackOff, ErrorCode::OrgBusy),
            (error(503, "HTTP_503", None), Retry::BackOff, ErrorCode::OrgBusy),
        ] {
            assert_eq!((refusal.retry(), refusal.error_code()), (retry, code), "{refusal}");
        }
    }
}
