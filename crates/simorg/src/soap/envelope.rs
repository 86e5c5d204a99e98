//! SOAP envelopes: reading a request whatever its prefixes, and writing an answer as Salesforce writes it.
//!
//! Metadata and partner API share this; what differs between them is in `Api`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::faults::Endpoint;
use crate::xml::Element;

use super::SoapFault;

/// The content type of every SOAP answer.
const XML: HeaderValue = HeaderValue::from_static("text/xml;charset=UTF-8");

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One of the SOAP APIs: its namespaces, and what surrounds its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// The segment of its path: `u`, `c`, `m`.
    pub letter: &'static str,
    /// The namespace of calls and answers.
    pub namespace: &'static str,
    /// The namespace behind the prefix `sf` of records in answers, if the API has any.
    pub records: Option<&'static str>,
    /// The namespace behind the prefix `sf` of faults.
    pub faults: &'static str,
    /// Whether faults carry a `detail`. Those of the Metadata API do not.
    pub has_fault_detail: bool,
    /// Whether answers carry a `LimitInfoHeader`. The Metadata API has none.
    pub tells_usage: bool,
    /// Where faults on request strike.
    pub endpoint: Endpoint,
}

pub const PARTNER: Api = Api {
    letter: "u",
    namespace: "urn:partner.soap.sforce.com",
    records: Some("urn:sobject.partner.soap.sforce.com"),
    faults: "urn:fault.partner.soap.sforce.com",
    has_fault_detail: true,
    tells_usage: true,
    endpoint: Endpoint::Soap,
};

pub const ENTERPRISE: Api = Api {
    letter: "c",
    namespace: "urn:enterprise.soap.sforce.com",
    records: Some("urn:sobject.enterprise.soap.sforce.com"),
    faults: "urn:fault.enterprise.soap.sforce.com",
    has_fault_detail: true,
    tells_usage: true,
    endpoint: Endpoint::Soap,
};

pub const METADATA: Api = Api {
    letter: "m",
    namespace: "http://soap.sforce.com/2006/04/metadata",
    records: None,
    faults: "http://soap.sforce.com/2006/04/metadata",
    has_fault_detail: false,
    tells_usage: false,
    endpoint: Endpoint::Metadata,
};

/// A request: its header blocks, and the call in its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    headers: Vec<Element>,
    /// The call's element: its name is the call's, its children are the arguments.
    pub call: Element,
}

impl Envelope {
    pub fn read(bytes: &[u8]) -> Result<Envelope, SoapFault> {
        let mut root =
            Element::parse(bytes).map_err(|error| SoapFault::client(format!("unable to parse: {error}")))?;
        if root.name != "Envelope" {
            return Err(SoapFault::client(format!("'{}' is no SOAP envelope", root.name)));
        }
        let mut take = |name: &str| {
            let at = root.children.iter().position(|child| child.name == name)?;
            Some(root.children.swap_remove(at).children)
        };
        let headers = take("Header").unwrap_or_default();
        let calls = take("Body").unwrap_or_default();
        let call =
            calls.into_iter().next().ok_or_else(|| SoapFault::client("the SOAP body holds no call"))?;
        Ok(Envelope { headers, call })
    }

    /// The header block of this name, such as `AllOrNoneHeader`.
    pub fn header(&self, name: &str) -> Option<&Element> {
        self.headers.iter().find(|block| block.name == name)
    }

    pub fn session_id(&self) -> Option<&str> {
        self.header("SessionHeader")?.text_of("sessionId").map(str::trim).filter(|id| !id.is_empty())
    }
}

/// The answer to a call: what it holds, below `<callResponse>`. `usage` is used and allowed API calls of the day.
pub(super) fn answer(api: &Api, call: &str, contents: Vec<Element>, usage: Option<(u64, u64)>) -> Response {
    let mut envelope = Element::new("soapenv:Envelope")
        .attribute("xmlns:soapenv", SOAP)
        .attribute("xmlns", api.namespace)
        .attribute("xmlns:xsi", XSI);
    if let Some(records) = api.records {
        envelope = envelope.attribute("xmlns:sf", records);
    }
    if let Some((current, limit)) = usage {
        let info = Element::new("limitInfo")
            .with(Element::leaf("current", current))
            .with(Element::leaf("limit", limit))
            .with(Element::leaf("type", "API REQUESTS"));
        let header = Element::new("soapenv:Header").with(Element::new("LimitInfoHeader").with(info));
        envelope = envelope.with(header);
    }
    let body = Element::new("soapenv:Body").with(Element::new(format!("{call}Response")).with_all(contents));
    written(StatusCode::OK, &envelope.with(body))
}

/// The answer to a call that failed.
pub(super) fn fault(api: &Api, fault: &SoapFault) -> Response {
    let envelope = Element::new("soapenv:Envelope")
        .attribute("xmlns:soapenv", SOAP)
        .attribute("xmlns:sf", api.faults)
        .attribute("xmlns:xsi", XSI);
    let body = Element::new("soapenv:Body").with(fault.element(api.has_fault_detail));
    written(fault.status, &envelope.with(body))
}

fn written(status: StatusCode, envelope: &Element) -> Response {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", envelope.to_text());
    (status, [(header::CONTENT_TYPE, XML)], text).into_response()
}

/// `<name xsi:nil="true"/>`.
pub fn nil(name: &str) -> Element {
    Element::new(name).attribute("xsi:nil", "true")
}

/// The text, or nil where there is none.
pub fn leaf_or_nil(name: &str, text: Option<&str>) -> Element {
    text.map_or_else(|| nil(name), |text| Element::leaf(name, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_read_whatever_its_prefixes() {
        for text in [
            r#"<soapenv:Envelope xmlns:soapenv="s" xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader>
               <urn:sessionId> 00D!x </urn:sessionId></urn:SessionHeader></soapenv:Header>
               <soapenv:Body><urn:logout/></soapenv:Body></soapenv:Envelope>"#,
            r#"<Envelope xmlns="s"><Body><logout xmlns="urn:partner.soap.sforce.com"/></Body><Header><SessionHeader>
               <sessionId>00D!x</sessionId></SessionHeader></Header></Envelope>"#,
        ] {
            let envelope = Envelope::read(text.as_bytes()).unwrap();
            assert_eq!(envelope.session_id(), Some("00D!x"));
            assert_eq!(envelope.call.name, "logout");
            assert_eq!(envelope.header("AllOrNoneHeader"), None);
        }
    }

    #[test]
    fn what_is_no_envelope_is_the_clients_fault() {
        for text in ["", "{}", "<a/>", "<Envelope><Body/></Envelope>", "<Envelope/>"] {
            assert_eq!(Envelope::read(text.as_bytes()).unwrap_err().code, "soapenv:Client", "{text}");
        }
    }
}
