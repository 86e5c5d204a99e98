//! Faults of the SOAP APIs: a code, a message, and for the data APIs a detail whose type follows from the code.

use axum::http::StatusCode;

use crate::errors::ApiError;
use crate::xml::Element;

/// One refused call. Salesforce answers every fault with HTTP status 500.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoapFault {
    pub status: StatusCode,
    /// `INVALID_SESSION_ID`, or `soapenv:Client` for what is no SOAP call.
    pub code: String,
    pub message: String,
}

impl SoapFault {
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> SoapFault {
        SoapFault { status: StatusCode::INTERNAL_SERVER_ERROR, code: code.into(), message: message.into() }
    }

    /// The request is no SOAP call that this API knows.
    pub fn client(message: impl Into<String>) -> SoapFault {
        SoapFault::new("soapenv:Client", message)
    }

    pub fn invalid_session() -> SoapFault {
        let message = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        SoapFault::new("INVALID_SESSION_ID", message)
    }

    /// What simorg does not play, said by name.
    pub fn not_simulated(call: &str) -> SoapFault {
        ApiError::not_simulated(call).into()
    }

    /// The `soapenv:Fault` element.
    pub(super) fn element(&self, with_detail: bool) -> Element {
        let is_of_soap = self.code.starts_with("soapenv:");
        let text = if is_of_soap { self.message.clone() } else { format!("{}: {}", self.code, self.message) };
        let fault = Element::new("soapenv:Fault")
            .with(Element::leaf("faultcode", self.qualified_code()))
            .with(Element::leaf("faultstring", text));
        // Clients that are built from the WSDL fail to read a detail whose code the platform does not have.
        let is_ours = self.status == StatusCode::NOT_IMPLEMENTED;
        if is_of_soap || is_ours || !with_detail {
            return fault;
        }
        fault.with(Element::new("detail").with(self.detail()))
    }

    /// Login faults have no prefix in their code; all others have.
    fn qualified_code(&self) -> String {
        if self.code.starts_with("soapenv:") || self.kind() == "LoginFault" {
            self.code.clone()
        } else {
            format!("sf:{}", self.code)
        }
    }

    fn detail(&self) -> Element {
        let name = format!("sf:{}", self.kind());
        let mut detail = Element::new(name.clone())
            .attribute("xsi:type", &name)
            .with(Element::leaf("sf:exceptionCode", &self.code))
            .with(Element::leaf("sf:exceptionMessage", &self.message));
        if matches!(self.kind(), "InvalidFieldFault" | "InvalidSObjectFault" | "MalformedQueryFault") {
            let (row, column) = place(&self.message).unwrap_or((-1, -1));
            detail = detail.with(Element::leaf("sf:row", row)).with(Element::leaf("sf:column", column));
        }
        detail
    }

    /// The type of the detail (partner WSDL, namespace `urn:fault.partner.soap.sforce.com`).
    fn kind(&self) -> &'static str {
        match self.code.as_str() {
            "INVALID_LOGIN"
            | "LOGIN_MUST_USE_SECURITY_TOKEN"
            | "LOGIN_DURING_RESTRICTED_DOMAIN"
            | "LOGIN_DURING_RESTRICTED_TIME"
            | "PASSWORD_LOCKOUT" => "LoginFault",
            "INVALID_FIELD" => "InvalidFieldFault",
            "INVALID_TYPE" => "InvalidSObjectFault",
            "MALFORMED_QUERY" => "MalformedQueryFault",
            "MALFORMED_SEARCH" => "MalformedSearchFault",
            "INVALID_QUERY_LOCATOR" => "InvalidQueryLocatorFault",
            "MALFORMED_ID" | "INVALID_ID_FIELD" => "InvalidIdFault",
            "INVALID_NEW_PASSWORD" => "InvalidNewPasswordFault",
            "INVALID_OPERATION" => "ApiFault",
            _ => "UnexpectedErrorFault",
        }
    }
}

impl From<ApiError> for SoapFault {
    fn from(error: ApiError) -> SoapFault {
        let fault = SoapFault::new(error.code, error.message);
        if error.status == StatusCode::NOT_IMPLEMENTED {
            return SoapFault { status: error.status, ..fault };
        }
        fault
    }
}

/// Row and column of a query error, which its message names.
fn place(message: &str) -> Option<(i64, i64)> {
    let (_, rest) = message.split_once("ERROR at Row:")?;
    let (row, rest) = rest.split_once(":Column:")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((row.parse().ok()?, rest[..end].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_faults_tell_row_and_column() {
        let message = "\nSELECT Idd FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column";
        assert_eq!(place(message), Some((1, 8)));
        let text = SoapFault::new("INVALID_FIELD", message).element(true).to_text();
        assert!(text.contains("<sf:row>1</sf:row><sf:column>8</sf:column>"), "{text}");
    }

    #[test]
    fn each_code_has_its_shape() {
        let text = SoapFault::new("INVALID_LOGIN", "no").element(true).to_text();
        assert!(
            text.contains("<faultcode>INVALID_LOGIN</faultcode>") && text.contains("sf:LoginFault"),
            "{text}"
        );
        let text = SoapFault::new("MALFORMED_ID", "bad id abc").element(true).to_text();
        assert!(text.contains("<faultcode>sf:MALFORMED_ID</faultcode>"), "{text}");
        assert!(text.contains("<faultstring>MALFORMED_ID: bad id abc</faultstring>"), "{text}");
        let text = SoapFault::client("no").element(true).to_text();
        assert!(!text.contains("detail") && text.contains("soapenv:Client"), "{text}");
        let text = SoapFault::not_simulated("describeTabs").element(true).to_text();
        assert!(!text.contains("detail") && text.contains("describeTabs"), "{text}");
        assert!(!SoapFault::new("X", "y").element(false).to_text().contains("detail"));
    }
}
