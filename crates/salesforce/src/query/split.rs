//! Cuts a JSON document with one long array into its elements while it arrives.
//!
//! `{"totalSize":2,"done":true,"records":[{…},{…}]}` gives the two objects one by one and keeps the
//! rest, `{"totalSize":2,"done":true,"records":[]}`, for the end. Only the element under way is held.
//! Elements and the rest are checked by a real JSON parser afterwards; here only strings and brackets count.

use serde::de::DeserializeOwned;

use crate::api_error::describe_body;
use crate::defect::AnswerDefect;

/// No record comes near this; without a bound a broken answer would fill the memory.
const LONGEST_ELEMENT: usize = 512 * 1024 * 1024;
const LONGEST_ENVELOPE: usize = 1024 * 1024;

pub(crate) struct ArraySplitter {
    key: String,
    buffer: Vec<u8>,
    /// What lies before is consumed or already looked at.
    at: usize,
    element_start: usize,
    place: Place,
    depth: u32,
    in_string: bool,
    envelope: Vec<u8>,
    head_length: usize,
    elements: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    First,
    Element,
    AfterElement,
    AfterComma,
    Tail,
}

pub(crate) enum Piece<'a> {
    Element(&'a [u8]),
    /// Nothing whole is left of what was pushed.
    NeedMore,
}

impl ArraySplitter {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            key: format!("\"{key}\""),
            buffer: Vec::new(),
            at: 0,
            element_start: 0,
            place: Place::Head,
            depth: 0,
            in_string: false,
            envelope: Vec::new(),
            head_length: 0,
            elements: 0,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let keep_from = if self.place == Place::Element { self.element_start } else { self.at };
        self.buffer.drain(..keep_from);
        self.at -= keep_from;
        self.element_start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// True if and only if the array has been reached.
    pub(crate) fn has_begun(&self) -> bool {
        self.place != Place::Head
    }

    /// Reads what stands before the array, as an object that ends there.
    pub(crate) fn head<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let mut head = self.envelope[..self.head_length].to_vec();
        head.extend_from_slice(b"[]}");
        serde_json::from_slice(&head)
    }

    pub(crate) fn cut_short(&self) -> AnswerDefect {
        if self.place == Place::Head {
            let what = describe_body(&self.envelope);
            return AnswerDefect::WrongShape { what, expected: "a list of records" };
        }
        AnswerDefect::CutShort { record: self.elements + 1 }
    }

    /// What stands around the array, once everything was pushed and taken.
    pub(crate) fn finish<T: DeserializeOwned>(&self) -> Result<T, AnswerDefect> {
        if self.place != Place::Tail {
            return Err(self.cut_short());
        }
        serde_json::from_slice(&self.envelope).map_err(|source| AnswerDefect::Json { source })
    }

    pub(crate) fn next_piece(&mut self) -> Result<Piece<'_>, AnswerDefect> {
        loop {
            match self.place {
                Place::Head => {
                    if !self.skip_head()? {
                        return Ok(Piece::NeedMore);
                    }
                }
                Place::Element => {
                    if !self.scan_element()? {
                        return Ok(Piece::NeedMore);
                    }
                    self.place = Place::AfterElement;
                    self.elements += 1;
                    return Ok(Piece::Element(self.buffer[self.element_start..self.at].trim_ascii_end()));
                }
                Place::First | Place::AfterElement | Place::AfterComma => {
                    if !self.step_between()? {
                        return Ok(Piece::NeedMore);
                    }
                }
                Place::Tail => {
                    self.keep(self.at, self.buffer.len())?;
                    self.at = self.buffer.len();
                    return Ok(Piece::NeedMore);
                }
            }
        }
    }

    /// Moves to the array; true if and only if it was reached.
    pub(crate) fn skip_head(&mut self) -> Result<bool, AnswerDefect> {
        let mut from = self.at;
        while let Some(&byte) = self.buffer.get(self.at) {
            if self.in_string {
                if !self.skip_string() {
                    break;
                }
                continue;
            }
            if self.depth == 0 && byte != b'{' && !byte.is_ascii_whitespace() {
                self.keep(from, self.buffer.len())?;
                return Err(self.cut_short());
            }
            if byte == b'[' && self.depth == 1 {
                self.keep(from, self.at)?;
                from = self.at;
                if self.follows_key() {
                    self.at += 1;
                    self.place = Place::First;
                    self.head_length = self.envelope.len();
                    self.envelope.extend_from_slice(b"[]");
                    return Ok(true);
                }
            }
            self.count(byte);
            self.at += 1;
        }
        self.keep(from, self.at)?;
        Ok(false)
    }

    fn follows_key(&self) -> bool {
        let before = self.envelope.trim_ascii_end().strip_suffix(b":").map(<[u8]>::trim_ascii_end);
        before
            .and_then(|text| text.strip_suffix(self.key.as_bytes()))
            .is_some_and(|text| !text.ends_with(b"\\"))
    }

    fn count(&mut self, byte: u8) {
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// Moves behind the closing quote; false if it has not arrived.
    fn skip_string(&mut self) -> bool {
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &self.buffer[self.at..]) else {
                self.at = self.buffer.len();
                return false;
            };
            self.at += found;
            if self.buffer[self.at] == b'"' {
                self.at += 1;
                self.in_string = false;
                return true;
            }
            if self.at + 1 >= self.buffer.len() {
                return false;
            }
            self.at += 2;
        }
    }

    /// Between elements: blanks, one comma, or the end of the array. False if nothing is left to read.
    fn step_between(&mut self) -> Result<bool, AnswerDefect> {
        while self.buffer.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        let Some(&byte) = self.buffer.get(self.at) else {
            return Ok(false);
        };
        match (self.place, byte) {
            (Place::First | Place::AfterElement, b']') => {
                self.place = Place::Tail;
                self.at += 1;
            }
            (Place::AfterElement, b',') => {
                self.place = Place::AfterComma;
                self.at += 1;
            }
            (Place::First | Place::AfterComma, _) if !matches!(byte, b']' | b',') => {
                (self.place, self.element_start, self.depth) = (Place::Element, self.at, 0);
            }
            _ => return Err(AnswerDefect::CutShort { record: self.elements + 1 }),
        }
        Ok(true)
    }

    /// Moves to the end of the element; true if and only if it has arrived.
    fn scan_element(&mut self) -> Result<bool, AnswerDefect> {
        if self.at - self.element_start > LONGEST_ELEMENT {
            return Err(AnswerDefect::TooLarge { limit_bytes: LONGEST_ELEMENT });
        }
        while let Some(&byte) = self.buffer.get(self.at) {
            if self.in_string {
                if !self.skip_string() {
                    return Ok(false);
                }
                if self.depth == 0 {
                    return Ok(true);
                }
                continue;
            }
            if self.depth == 0 && matches!(byte, b',' | b']') {
                return Ok(true);
            }
            self.count(byte);
            self.at += 1;
            if self.depth == 0 && matches!(byte, b'}' | b']') {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn keep(&mut self, from: usize, to: usize) -> Result<(), AnswerDefect> {
        if self.envelope.len() + (to - from) > LONGEST_ENVELOPE {
            return Err(AnswerDefect::TooLarge { limit_bytes: LONGEST_ENVELOPE });
        }
        self.envelope.extend_from_slice(&self.buffer[from..to]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn split(document: &str, chunk: usize) -> Result<(Vec<Value>, Value), AnswerDefect> {
        let mut splitter = ArraySplitter::new("records");
        let mut elements = Vec::new();
        for bytes in document.as_bytes().chunks(chunk) {
            splitter.push(bytes);
            while let Piece::Element(element) = splitter.next_piece()? {
                elements
                    .push(serde_json::from_slice(element).map_err(|source| AnswerDefect::Json { source })?);
            }
        }
        Ok((elements, splitter.finish()?))
    }

    #[test]
    fn elements_come_out_whatever_stands_around_them() {
        let tricky = r#" { "x\"records": [1,[2]], "totalSize" : 2 , "records" : [ {"a":"]},{\"\\"} , "s,]" ,3, null ,[[]] ] , "done" : true , "tail":[{}] } "#;
        for chunk in 1..tricky.len() {
            let (elements, rest) = split(tricky, chunk).unwrap();
            assert_eq!(
                elements,
                [json!({"a": "]},{\"\\"}), json!("s,]"), json!(3), json!(null), json!([[]])]
            );
            assert_eq!(
                rest,
                json!({"x\"records": [1, [2]], "totalSize": 2, "records": [], "done": true, "tail": [{}]})
            );
        }
    }

    #[test]
    fn what_is_cut_short_or_garbled_is_an_error() {
        let whole = r#"{"totalSize":2,"records":[{"a":1},{"a":2}],"done":true}"#;
        for length in 0..whole.len() {
            assert!(split(&whole[..length], 7).is_err(), "{}", &whole[..length]);
        }
        for garbled in [
            r#"{"records":[{"a":1}{"a":2}]}"#,
            r#"{"records":[{"a":1},]}"#,
            r#"{"records":[,{"a":1}]}"#,
            r#"{"records":[{"a":1}]]}"#,
            r#"[{"records":[]}]"#,
            r#"{"other":[]}"#,
            "<html><title>Maintenance</title></html>",
            "",
        ] {
            assert!(split(garbled, 3).is_err(), "{garbled}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_at_any_chunk_size(texts in prop::collection::vec(any::<String>(), 0..8), chunk in 1usize..40) {
            let records: Vec<_> = texts.iter().map(|text| json!({"a": text, "b": {"c": [text]}})).collect();
            let document = json!({"totalSize": records.len(), "records": records, "done": true}).to_string();
            prop_assert_eq!(split(&document, chunk).unwrap().0, records);
        }
    }
}
