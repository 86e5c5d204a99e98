//! XML as a tree of elements, for SOAP, Bulk 1.0 and metadata files.
//!
//! Names are local ones: clients and files choose their own prefixes, and no two elements that simorg reads differ in
//! namespace alone. What is written carries the names and attributes that it was given.

use quick_xml::escape::{partial_escape, resolve_predefined_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};

/// How deep elements may lie in one another. What is dropped, written or walked level by level must not run out of stack.
const MOST_LEVELS: usize = 200;

/// Why a text is not read as XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at {line}:{column}")]
pub struct XmlError {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

/// One element: its text if it has no children, or its children in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    pub fn new(name: impl Into<String>) -> Element {
        Element { name: name.into(), ..Element::default() }
    }

    /// An element with this text.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and texts are given alike")]
    pub fn leaf(name: impl Into<String>, text: impl ToString) -> Element {
        Element { name: name.into(), text: text.to_string(), ..Element::default() }
    }

    #[must_use]
    pub fn with(mut self, child: Element) -> Element {
        self.children.push(child);
        self
    }

    #[must_use]
    pub fn with_all(mut self, children: impl IntoIterator<Item = Element>) -> Element {
        self.children.extend(children);
        self
    }

    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Element {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of an attribute, whatever its prefix.
    pub fn attribute_value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| local(key) == name).map(|(_, value)| value.as_str())
    }

    /// `xsi:nil="true"`.
    pub fn is_nil(&self) -> bool {
        matches!(self.attribute_value("nil"), Some("true" | "1"))
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// Whether the first child of this name says `true`.
    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.text_of(name).map(str::trim), Some("true" | "1"))
    }

    /// The root element of a document.
    pub fn parse(bytes: &[u8]) -> Result<Element, XmlError> {
        let mut reader = quick_xml::Reader::from_reader(bytes);
        let mut open: Vec<Element> = Vec::new();
        loop {
            let event = reader
                .read_event()
                .map_err(|error| error_at(bytes, reader.error_position(), error.to_string()))?;
            let at = reader.buffer_position();
            let malformed = |message: String| error_at(bytes, at, message);
            let closed = match event {
                Event::Start(_) if open.len() == MOST_LEVELS => {
                    return Err(malformed(format!("elements lie more than {MOST_LEVELS} levels deep")));
                }
                Event::Start(tag) => {
                    open.push(opened(&tag).map_err(malformed)?);
                    continue;
                }
                Event::Empty(tag) => opened(&tag).map_err(malformed)?,
                Event::End(_) => {
                    open.pop().ok_or_else(|| malformed("an element ends that never began".to_owned()))?
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| malformed(error.to_string()))?;
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    } else if !text.trim().is_empty() {
                        return Err(malformed("text outside of the root element".to_owned()));
                    }
                    continue;
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|error| malformed(error.to_string()))?;
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                    continue;
                }
                Event::GeneralRef(reference) => {
                    let text = referred(&reference).map_err(malformed)?;
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                    continue;
                }
                Event::Eof => return Err(malformed("the document ends too early".to_owned())),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => continue,
            };
            let mut closed = closed;
            if !closed.children.is_empty() {
                closed.text.clear();
            }
            match open.last_mut() {
                Some(parent) => parent.children.push(closed),
                None => return Ok(closed),
            }
        }
    }

    /// The element on one line, as it goes over the wire.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None, 0);
        out
    }

    /// A whole document with its declaration; indented by four spaces, as metadata files are.
    pub fn to_document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out, Some("    "), 0);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, indent: Option<&str>, depth: usize) {
        let margin = |out: &mut String, depth: usize| {
            if let Some(indent) = indent {
                out.push('\n');
                out.push_str(&indent.repeat(depth));
            }
        };
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            out.push_str(&escaped(value).replace('"', "&quot;"));
            out.push('"');
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        if self.children.is_empty() {
            out.push_str(&escaped(&self.text));
        }
        for child in &self.children {
            margin(out, depth + 1);
            child.write(out, indent, depth + 1);
        }
        if !self.children.is_empty() {
            margin(out, depth);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Text as it stands in a document. A carriage return is written by number, or reading would make it a line feed; the
/// characters that XML 1.0 cannot carry are left out.
fn escaped(text: &str) -> String {
    let is_carried = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    let text: std::borrow::Cow<'_, str> = if text.chars().all(is_carried) {
        text.into()
    } else {
        text.chars().filter(|c| is_carried(*c)).collect()
    };
    partial_escape(text).replace('\r', "&#13;")
}

/// What a reference such as `&amp;` or `&#228;` stands for.
fn referred(reference: &BytesRef<'_>) -> Result<String, String> {
    let name = reference.decode().map_err(|error| error.to_string())?;
    match reference.resolve_char_ref().map_err(|error| error.to_string())? {
        Some(letter) => Ok(letter.to_string()),
        None => resolve_predefined_entity(&name)
            .map(str::to_owned)
            .ok_or_else(|| format!("unknown entity `{name}`")),
    }
}

fn opened(tag: &BytesStart<'_>) -> Result<Element, String> {
    let name = String::from_utf8_lossy(tag.name().local_name().as_ref()).into_owned();
    let mut element = Element::new(name);
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = attribute.unescape_value().map_err(|error| error.to_string())?;
        element.attributes.push((key, value.into_owned()));
    }
    Ok(element)
}

fn error_at(bytes: &[u8], position: u64, message: String) -> XmlError {
    let position = usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
    let before = &bytes[..position];
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    XmlError { message, line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_whatever_its_prefixes() {
        let text = r#"<?xml version="1.0"?><s:Envelope xmlns:s="urn:x"><s:Body a="1&lt;2"><id xsi:nil="true"/>
            <Name>A &amp; B &#x41;<![CDATA[<c>]]></Name></s:Body></s:Envelope>"#;
        let root = Element::parse(text.as_bytes()).unwrap();
        let body = root.child("Body").unwrap();

        assert_eq!(root.name, "Envelope");
        assert_eq!(body.attribute_value("a"), Some("1<2"));
        assert!(body.child("id").unwrap().is_nil());
        assert_eq!(body.text_of("Name"), Some("A & B A<c>"));
        assert_eq!(body.text, "");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let element = Element::new("a")
            .attribute("x", "\"<&")
            .with(Element::leaf("b", "1 < 2 & 3"))
            .with(Element::new("c"));

        assert_eq!(Element::parse(element.to_text().as_bytes()).unwrap(), element);
        assert_eq!(Element::parse(element.to_document().as_bytes()).unwrap(), element);
    }

    #[test]
    fn text_survives_but_for_what_xml_cannot_carry() {
        let text = Element::leaf("a", "one\r\ntwo\ttab\u{1}\u{ffff} \u{1F600}").to_text();

        assert_eq!(Element::parse(text.as_bytes()).unwrap().text, "one\r\ntwo\ttab \u{1F600}");
    }

    #[test]
    fn depth_is_bounded_so_that_no_document_exhausts_the_stack() {
        let nested = |levels: usize| "<a>".repeat(levels) + &"</a>".repeat(levels);

        assert!(Element::parse(nested(MOST_LEVELS).as_bytes()).is_ok());
        for levels in [MOST_LEVELS + 1, 200_000] {
            let error = Element::parse(nested(levels).as_bytes()).unwrap_err();
            assert!(error.message.contains("levels deep"), "{error}");
        }
    }

    #[test]
    fn a_broken_document_is_refused_with_its_place() {
        for text in ["<a><b></a>", "<a>", "", "<a>&nope;</a>", "text"] {
            assert!(Element::parse(text.as_bytes()).is_err(), "{text}");
        }
        let error = Element::parse(b"<a>\n  <b>\n</a>").unwrap_err();
        assert_eq!(error.line, 3);
    }
}
