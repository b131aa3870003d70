//! Reads an XML document into a small tree. Namespaces are ignored, comments and processing
//! instructions skipped, document types refused: nobody needs them, and entities are how XML is attacked.

use keyward_base::Fault;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::{DEPTH_MAX, malformed};

/// An element with its text and its child elements.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name, without prefix.
    pub(crate) name: String,
    /// All text directly inside it.
    pub(crate) text: String,
    /// The elements directly inside it.
    pub(crate) children: Vec<Element>,
}

/// Reads the document's root element.
pub(crate) fn parse(document: &[u8]) -> Result<Element, Fault> {
    let document = std::str::from_utf8(document).map_err(|_| invalid("The content is not UTF-8."))?;
    let mut reader = Reader::from_str(document);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| invalid(&error.to_string()))? {
            Event::Start(tag) if open.len() > DEPTH_MAX => {
                return Err(invalid(&format!("Element '{}' is nested too deep.", local_name(&tag))));
            }
            Event::Start(tag) => open.push(Element { name: local_name(&tag), ..Element::default() }),
            Event::Empty(tag) => adopt(&mut open, Element { name: local_name(&tag), ..Element::default() }),
            Event::End(_) => {
                let done = open.pop().unwrap_or_default();
                adopt(&mut open, done);
            }
            Event::Text(text) => add_text(&mut open, &text.xml10_content()),
            Event::CData(text) => add_text(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => add_text(&mut open, &referred(&reference)?),
            Event::DocType(_) => return Err(invalid("A document type declaration is not allowed.")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    root(open)
}

fn root(mut open: Vec<Element>) -> Result<Element, Fault> {
    let document =
        open.pop().filter(|_| open.is_empty()).ok_or_else(|| invalid("An element is not closed."))?;
    let mut roots = document.children.into_iter();
    match (roots.next(), roots.next()) {
        (Some(root), None) if document.text.trim().is_empty() => Ok(root),
        _ => Err(invalid("The document must have one root element.")),
    }
}

fn adopt(open: &mut [Element], child: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(child);
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn local_name(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

/// The character that a reference stands for: a numbered one or one of XML's five.
fn referred(reference: &BytesRef<'_>) -> Result<String, Fault> {
    let unknown = || invalid("The entity was referenced, but not declared.");
    if let Some(character) = reference.resolve_char_ref().map_err(|_| unknown())? {
        return Ok(character.to_string());
    }
    quick_xml::escape::resolve_predefined_entity(reference).map(str::to_owned).ok_or_else(unknown)
}

/// The fault for a document that can't be read, in the words of Route 53.
pub(crate) fn invalid(why: &str) -> Fault {
    malformed(format!("Invalid XML ; {why}"))
}
