//! Finds where JSON values begin and end in a file, without parsing them and without recursion.
//!
//! The bytes lie in one buffer that grows only as far as one value needs. The grammar inside of a value is left to the
//! parser; here only strings and the depth of brackets are followed.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr2;

use crate::error::Fault;
use crate::limits::{CHUNK_BYTES, MAX_DEPTH, MAX_PAGE_BYTES, MAX_RECORD_BYTES};
use crate::page;
use crate::wire::nul_fault;

/// Looks for the end of a value that begins with a bracket; can be fed piece by piece.
#[derive(Debug)]
pub(crate) struct Boundary {
    /// Brackets open around the value.
    outer: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// How far [`Boundary::advance`] came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value goes on behind these bytes.
    More,
    /// The value ends before this index.
    End(usize),
    /// The bracket at this index is one too many.
    TooDeep(usize),
}

/// The bytes that matter outside of strings.
const STRUCTURAL: [bool; 256] = {
    let mut table = [false; 256];
    table[b'"' as usize] = true;
    table[b'{' as usize] = true;
    table[b'}' as usize] = true;
    table[b'[' as usize] = true;
    table[b']' as usize] = true;
    table
};

impl Boundary {
    /// For a value inside of `outer` open brackets.
    pub fn inside(outer: usize) -> Self {
        Self { outer, depth: outer, in_string: false, escaped: false }
    }

    /// Goes through the next bytes of the value.
    pub fn advance(&mut self, bytes: &[u8]) -> Step {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at = self.skip_string(bytes, at);
                continue;
            }
            let Some(next) = bytes[at..].iter().position(|byte| STRUCTURAL[usize::from(*byte)]) else {
                return Step::More;
            };
            at += next;
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Step::TooDeep(at);
                    }
                }
                _ => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth <= self.outer {
                        return Step::End(at + 1);
                    }
                }
            }
            at += 1;
        }
        Step::More
    }

    /// From inside of a string to behind its end, or to the end of the bytes.
    fn skip_string(&mut self, bytes: &[u8], mut at: usize) -> usize {
        if self.escaped {
            self.escaped = false;
            at += 1;
        }
        while let Some(next) = memchr2(b'"', b'\\', &bytes[at..]) {
            at += next + 1;
            if bytes[at - 1] == b'"' {
                self.in_string = false;
                return at;
            }
            if at == bytes.len() {
                self.escaped = true;
                return at;
            }
            at += 1;
        }
        bytes.len()
    }
}

/// The sizes that a scanner allows; smaller ones serve tests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub chunk: usize,
    pub record: usize,
    pub page: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { chunk: CHUNK_BYTES, record: MAX_RECORD_BYTES, page: MAX_PAGE_BYTES }
    }
}

/// One object of the file: a record or a page.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Where it lies in the buffer until the next call.
    range: Range<usize>,
    /// Its first byte in the file, from 0.
    pub offset: u64,
}

/// Gives the objects of a file one after the other: single ones and the elements of arrays.
#[derive(Debug)]
pub(crate) struct Scanner<R> {
    source: R,
    sizes: Sizes,
    buffer: Vec<u8>,
    /// The buffer's bytes that are still wanted.
    begin: usize,
    /// The next byte to look at.
    at: usize,
    /// Behind the last byte read.
    end: usize,
    /// The file offset of the buffer's first byte.
    base: u64,
    exhausted: bool,
    array: Array,
    /// Whether anything but space has been seen.
    any: bool,
}

/// Where the scanner stands with regard to a top-level array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Array {
    Outside,
    /// Behind `[`: an element or the end.
    Opened,
    /// Behind an element: a comma or the end.
    Element,
    /// Behind a comma: an element.
    Comma,
}

/// Bytes of a buffer at first.
const FIRST_BUFFER: usize = 16 << 10;

impl<R: Read> Scanner<R> {
    pub fn new(source: R, sizes: Sizes) -> Self {
        Self {
            source,
            sizes,
            buffer: Vec::new(),
            begin: 0,
            at: 0,
            end: 0,
            base: 0,
            exhausted: false,
            array: Array::Outside,
            any: false,
        }
    }

    /// Whether a value has begun anywhere in the file.
    pub fn any(&self) -> bool {
        self.any
    }

    pub fn bytes(&self, found: &Found) -> &[u8] {
        self.buffer.get(found.range.clone()).unwrap_or_default()
    }

    /// Skips a UTF-8 byte order mark; the other ones are refused.
    pub fn skip_bom(&mut self) -> Result<bool, Fault> {
        while self.end < 3 && self.fill()? {}
        let head = &self.buffer[..self.end.min(3)];
        if head == b"\xef\xbb\xbf" {
            self.at = 3;
            return Ok(true);
        }
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            let todo = "save the file as UTF-8 (in PowerShell: Out-File -Encoding utf8)";
            return Err(Fault::new("UTF-16 text", "UTF-8 text", todo).at(0));
        }
        Ok(false)
    }

    /// The next object, or `None` at the end of the file.
    pub fn next_object(&mut self) -> Result<Option<Found>, Fault> {
        loop {
            let Some(byte) = self.peek()? else { return self.end_of_file().map(|()| None) };
            self.array = match (self.array, byte) {
                (Array::Element, b',') => Array::Comma,
                (Array::Opened | Array::Element, b']') => Array::Outside,
                (Array::Outside, b'[') => Array::Opened,
                (Array::Outside, b'{') => return self.object(0, Array::Outside).map(Some),
                (Array::Opened | Array::Comma, b'{') => return self.object(1, Array::Element).map(Some),
                (_, byte) => return Err(self.unexpected(byte)),
            };
            self.any = true;
            self.at += 1;
        }
    }

    fn end_of_file(&self) -> Result<(), Fault> {
        if self.array != Array::Outside {
            return Err(truncated("the end of the file inside of an array").at(self.position()));
        }
        if !self.any {
            let todo = "pull the answer again; an empty list is written []";
            return Err(Fault::new("an empty file", "a JSON array, page or record", todo));
        }
        Ok(())
    }

    fn position(&self) -> u64 {
        self.base + u64::try_from(self.at).unwrap_or(u64::MAX)
    }

    /// The next byte that is no space, without taking it.
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let rest = &self.buffer[self.at..self.end];
            let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count();
            self.at += space;
            self.begin = self.at;
            if self.at < self.end {
                return Ok(Some(self.buffer[self.at]));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn object(&mut self, outer: usize, then: Array) -> Result<Found, Fault> {
        self.any = true;
        self.array = then;
        let mut boundary = Boundary::inside(outer);
        loop {
            match boundary.advance(&self.buffer[self.at..self.end]) {
                Step::End(length) => {
                    self.at += length;
                    self.check_size()?;
                    let offset = self.base + u64::try_from(self.begin).unwrap_or(u64::MAX);
                    return Ok(Found { range: self.begin..self.at, offset });
                }
                Step::TooDeep(length) => {
                    self.at += length;
                    return Err(too_deep().at(self.position()));
                }
                Step::More => {
                    self.at = self.end;
                    self.check_size()?;
                    if !self.fill()? {
                        return Err(truncated("the end of the file inside of an object").at(self.position()));
                    }
                }
            }
        }
    }

    fn check_size(&self) -> Result<(), Fault> {
        let value = &self.buffer[self.begin..self.at];
        if value.len() <= self.sizes.record {
            return Ok(());
        }
        let begin = self.base + u64::try_from(self.begin).unwrap_or(u64::MAX);
        if !page::begins_page(value) {
            return Err(too_large("record", self.sizes.record).at(begin));
        }
        if value.len() > self.sizes.page {
            return Err(too_large("page", self.sizes.page).at(begin));
        }
        Ok(())
    }

    /// Reads more bytes behind the wanted ones; `false` at the end of the file.
    fn fill(&mut self) -> Result<bool, Fault> {
        if self.exhausted {
            return Ok(false);
        }
        if self.end == self.buffer.len() {
            self.make_room();
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.exhausted = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let fault = Fault::new(format!("a read error ({error})"), "a readable file", "check the disk");
                    return Err(fault.at(self.base + u64::try_from(self.end).unwrap_or(u64::MAX)));
                }
            }
        }
    }

    /// Moves the wanted bytes to the front, and doubles the buffer where all are wanted, or until it is as large as it may be: most files
    /// are small, and there are many of them.
    fn make_room(&mut self) {
        let all_wanted = self.begin == 0;
        if !all_wanted {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.base += u64::try_from(self.begin).unwrap_or(u64::MAX);
            self.at -= self.begin;
            self.end -= self.begin;
            self.begin = 0;
        }
        if all_wanted || self.buffer.len() < self.sizes.chunk {
            let larger = (self.buffer.len() * 2).max(self.sizes.chunk.min(FIRST_BUFFER)).max(1);
            self.buffer.resize(larger, 0);
        }
    }

    /// Why this byte cannot stand here.
    fn unexpected(&mut self, byte: u8) -> Fault {
        let here = self.position();
        let in_array = self.array != Array::Outside;
        let fault = match byte {
            0 => nul_fault(),
            b'<' if !self.any => web_page(),
            b'N' | b'I' => Fault::new("NaN or Infinity", "an object", "pull the answer again"),
            _ if self.any && !in_array => trailing(byte),
            b'[' => {
                Fault::new("an array in an array", "records", "write the inner arrays' records one after the other")
            }
            b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                let expected = if in_array { "a record, which is an object" } else { "an array, a page or a record" };
                Fault::new(scalar_name(byte), expected, "this is no list of records: pull the answer again")
            }
            _ => {
                let expected = match self.array {
                    Array::Outside => "an array, a page or a record",
                    Array::Element => "a comma or ]",
                    Array::Opened | Array::Comma => "a record",
                };
                Fault::new(byte_name(byte), expected, "the file is damaged or no JSON; pull the answer again")
            }
        };
        fault.at(here)
    }
}

fn trailing(byte: u8) -> Fault {
    let todo = "remove what follows the last value, or pull the answer again";
    Fault::new(format!("{} after the last value", byte_name(byte)), "the end of the file or another value", todo)
}

fn scalar_name(byte: u8) -> &'static str {
    match byte {
        b'"' => "a string",
        b't' | b'f' => "true, false or a bare word",
        b'n' => "null or a bare word",
        _ => "a number",
    }
}

fn byte_name(byte: u8) -> Cow<'static, str> {
    if byte.is_ascii_graphic() {
        format!("\"{}\"", char::from(byte)).into()
    } else if byte.is_ascii() {
        format!("control character {byte:#04x}").into()
    } else {
        "a character that is not ASCII".into()
    }
}

fn web_page() -> Fault {
    Fault::new(
        "\"<\"",
        "JSON",
        "this is a web page, probably a log-in or error page saved instead of the answer: log in and pull again",
    )
}

fn truncated(found: &str) -> Fault {
    Fault::new(found, "the rest of it", "the file was cut off; pull the answer again")
}

/// A parser goes as deep as the brackets do, so they are counted before it begins.
pub(crate) fn check_depth(value: &[u8]) -> Result<(), Fault> {
    if !matches!(value.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return Ok(());
    }
    match Boundary::inside(0).advance(value) {
        Step::End(_) => Ok(()),
        Step::TooDeep(at) => Err(too_deep().at(u64::try_from(at).unwrap_or(u64::MAX))),
        Step::More => Err(truncated("the end of the answer inside of a value")),
    }
}

fn too_deep() -> Fault {
    let expected = format!("at most {MAX_DEPTH} levels");
    Fault::new("too deep: one more bracket", expected, "this is no answer of the API; pull it again")
}

pub(crate) fn too_large(what: &str, limit: usize) -> Fault {
    let todo = "pull smaller pages, or write the records as JSON lines";
    Fault::new(format!("a {what} that is too large"), format!("at most {limit} bytes"), todo)
}
