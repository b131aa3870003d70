//! The XML body of a request, judged as Route 53's schema does.

use keyward_base::Fault;
use keyward_schema::{Kind, Location, MemberFacts, OperationFacts, ShapeFacts, Value};

use super::without_kind;
use crate::query;
use crate::xml::{self, Element, invalid};

/// The members of the input, those of the body filled in.
pub(crate) fn read(operation: &OperationFacts, body: &[u8]) -> Result<Vec<Option<Value>>, Fault> {
    let members = operation.input.members();
    if !members.iter().any(|member| member.location == Location::Body) {
        return Ok(vec![None; members.len()]);
    }
    let namespace = operation.service.xml_namespace.unwrap_or_default();
    let reader = BodyReader { namespace };
    if body.iter().all(u8::is_ascii_whitespace) {
        let root =
            Element { name: operation.input_root.unwrap_or_default().to_owned(), ..Element::default() };
        return reader.slots(members, &root);
    }
    let root = xml::parse(body)?;
    match operation.input_root {
        Some(name) if name != root.name => {
            Err(invalid(&format!("cvc-elt.1.a: Cannot find the declaration of element '{}'.", root.name)))
        }
        _ => reader.slots(members, &root),
    }
}

struct BodyReader<'a> {
    namespace: &'a str,
}

impl BodyReader<'_> {
    fn slots(&self, members: &'static [MemberFacts], element: &Element) -> Result<Vec<Option<Value>>, Fault> {
        let mut slots: Vec<Option<Value>> = vec![None; members.len()];
        for child in &element.children {
            let known = members
                .iter()
                .zip(&mut slots)
                .find(|(member, _)| member.location == Location::Body && member.wire_name == child.name);
            let Some((member, slot)) = known else { return Err(self.unexpected(&names(members), child)) };
            match (&member.shape.kind, &mut *slot) {
                (Kind::List { item, flattened: true, .. }, Some(Value::List(items))) => {
                    items.push(self.value(item, child)?);
                }
                (_, Some(_)) => return Err(self.unexpected(&names(members), child)),
                (Kind::List { item, flattened: true, .. }, None) => {
                    *slot = Some(Value::List(vec![self.value(item, child)?]));
                }
                (_, None) => *slot = Some(self.value(member.shape, child)?),
            }
        }
        self.complete(members, &slots, element)?;
        Ok(slots)
    }

    /// Refuses an element that lacks what the model requires.
    fn complete(
        &self,
        members: &[MemberFacts],
        slots: &[Option<Value>],
        element: &Element,
    ) -> Result<(), Fault> {
        let missing = members
            .iter()
            .zip(slots)
            .find(|(member, slot)| member.required && member.location == Location::Body && slot.is_none());
        missing.map_or(Ok(()), |(member, _)| {
            Err(invalid(&format!(
                "cvc-complex-type.2.4.b: The content of element '{}' is not complete. One of '{{\"{}\":{}}}' is expected.",
                element.name, self.namespace, member.wire_name
            )))
        })
    }

    fn unexpected(&self, expected: &[&str], child: &Element) -> Fault {
        let expected: Vec<_> = expected.iter().map(|name| format!("\"{}\":{name}", self.namespace)).collect();
        invalid(&format!(
            "cvc-complex-type.2.4.a: Invalid content was found starting with element '{}'. One of '{{{}}}' is expected.",
            child.name,
            expected.join(", ")
        ))
    }

    fn value(&self, shape: &'static ShapeFacts, element: &Element) -> Result<Value, Fault> {
        match &shape.kind {
            Kind::Structure { members } => self.slots(members, element).map(Value::Structure),
            Kind::List { item, item_name, .. } => {
                let items = element.children.iter().map(|child| match child.name.as_str() {
                    "member" => self.value(item, child),
                    name if name == *item_name => self.value(item, child),
                    _ => Err(self.unexpected(&[item_name], child)),
                });
                items.collect::<Result<_, _>>().map(Value::List)
            }
            Kind::Map { value: of, .. } => {
                let entries = element.children.iter().map(|entry| self.entry(of, entry));
                entries.collect::<Result<_, _>>().map(Value::Map)
            }
            Kind::String { values } if !values.is_empty() && !values.contains(&element.text.trim()) => {
                Err(invalid(&format!(
                    "cvc-enumeration-valid: Value '{}' is not facet-valid with respect to enumeration '[{}]'. \
                     It must be a value from the enumeration.",
                    element.text,
                    values.join(", ")
                )))
            }
            Kind::String { values } if !values.is_empty() => {
                Ok(Value::String(element.text.trim().to_owned()))
            }
            _ if !element.children.is_empty() => Err(invalid(&format!(
                "cvc-type.3.1.2: Element '{}' is a simple type, so it must have no element information item [children].",
                element.name
            ))),
            _ => query::scalar(shape, without_kind(shape, &element.text)).map_err(|_| {
                invalid(&format!(
                    "cvc-datatype-valid.1.2.1: '{}' is not a valid value for '{}'.",
                    element.text,
                    datatype(&shape.kind)
                ))
            }),
        }
    }

    fn entry(&self, of: &'static ShapeFacts, entry: &Element) -> Result<(String, Value), Fault> {
        let part = |name: &str| entry.children.iter().find(|child| child.name == name);
        match (part("key"), part("value")) {
            (Some(key), Some(value)) => Ok((key.text.clone(), self.value(of, value)?)),
            _ => Err(invalid(&format!("The content of element '{}' is not complete.", entry.name))),
        }
    }
}

/// The names of the members that a body can have.
fn names(members: &[MemberFacts]) -> Vec<&'static str> {
    let members = members.iter().filter(|member| member.location == Location::Body);
    members.map(|member| member.wire_name).collect()
}

/// The name of a plain kind in XML Schema.
fn datatype(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Integer | Kind::Long => "integer",
        Kind::Double => "double",
        Kind::Blob => "base64Binary",
        Kind::Timestamp => "dateTime",
        _ => "string",
    }
}
