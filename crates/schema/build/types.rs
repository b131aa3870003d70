//! Structures, enumerations, markers and error codes.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::model::{Member, Service, Shape};
use crate::names;

type Written = Result<(), Box<dyn std::error::Error>>;

/// Writes the types of one service.
pub(crate) fn write(code: &mut String, service_name: &str, service: &Service) -> Written {
    for (name, shape) in service.shapes.iter() {
        match shape.kind.as_str() {
            "structure" => write_structure(code, service, name, shape)?,
            "string" if !shape.values.is_empty() => write_enum(code, name, shape)?,
            _ => {}
        }
    }
    for (name, operation) in service.operations.iter() {
        let unit = "crate::Unit".to_owned();
        let input = operation.input.as_deref().map_or_else(|| unit.clone(), names::type_name);
        let output = operation.output.as_deref().map_or(unit, names::type_name);
        let api = api_page(service_name, name);
        writeln!(
            code,
            "/// The operation [`{name}`]({api}).\n#[derive(Clone, Copy, Debug)]\npub struct {name};\n\n\
             impl crate::OperationShape for {name} {{\n    type Input = {input};\n    type Output = {output};\n    \
             const SERVICE: &'static str = \"{service_name}\";\n    const NAME: &'static str = \"{name}\";\n    \
             const FACTS: &'static crate::OperationFacts = &facts::OPERATION_{};\n}}\n",
            names::constant(name)
        )?;
    }
    write_error_codes(code, service)
}

/// Where AWS describes the operation.
fn api_page(service: &str, operation: &str) -> String {
    let folder = match service {
        "kms" => "kms/latest/APIReference",
        "route53" => "Route53/latest/APIReference",
        "route53domains" => "Route53/latest/APIReference/API_domains_",
        "iam" => "IAM/latest/APIReference",
        "sts" => "STS/latest/APIReference",
        other => return format!("https://docs.aws.amazon.com/{other}/"),
    };
    let page = if folder.ends_with('_') { "" } else { "/API_" };
    format!("https://docs.aws.amazon.com/{folder}{page}{operation}.html")
}

fn write_structure(code: &mut String, service: &Service, name: &str, shape: &Shape) -> Written {
    let type_name = names::type_name(name);
    writeln!(code, "/// The structure `{name}`.\n#[derive({})]", derives(service, name, shape)?)?;
    writeln!(code, "pub struct {type_name} {{")?;
    for member in &shape.members {
        let required = if member.required { "; always there" } else { "" };
        let optional = optional(service, name, member)?;
        writeln!(
            code,
            "    /// `{}`{required}.\n    pub {}: {optional},",
            member.name,
            names::field(&member.name)
        )?;
    }
    writeln!(code, "}}\n")?;
    if shape.sensitive {
        writeln!(
            code,
            "impl std::fmt::Debug for {type_name} {{\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        \
             f.write_str(\"{type_name}(***)\")\n    }}\n}}\n"
        )?;
    }
    write_from_value(code, &type_name, shape)?;
    write_into_value(code, &type_name, shape)
}

fn optional(service: &Service, holder: &str, member: &Member) -> Result<String, String> {
    let mut plain = rust_type(service, &member.shape)?;
    if holds(service, &member.shape, holder, &mut BTreeSet::new())? {
        plain = format!("Box<{plain}>");
    }
    Ok(if member.required { plain } else { format!("Option<{plain}>") })
}

/// Whether a structure is or directly holds `wanted`, so that only a box makes its size finite.
fn holds(service: &Service, name: &str, wanted: &str, seen: &mut BTreeSet<String>) -> Result<bool, String> {
    if service.shape(name)?.kind != "structure" || !seen.insert(name.to_owned()) {
        return Ok(false);
    }
    if name == wanted {
        return Ok(true);
    }
    for member in &service.shape(name)?.members {
        if holds(service, &member.shape, wanted, seen)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn write_from_value(code: &mut String, type_name: &str, shape: &Shape) -> Written {
    let (binding, mutability) = if shape.members.is_empty() { ("_", "") } else { ("slots", "mut ") };
    writeln!(
        code,
        "impl crate::FromValue for {type_name} {{\n    fn from_value(value: crate::Value) -> Result<Self, crate::ValueError> {{\n        \
         let {mutability}{binding} = crate::convert::Slots::new(value, \"{type_name}\")?;\n        Ok(Self {{"
    )?;
    for (index, member) in shape.members.iter().enumerate() {
        let how = if member.required { "required" } else { "optional" };
        writeln!(code, "            {}: slots.{how}({index})?,", names::field(&member.name))?;
    }
    writeln!(code, "        }})\n    }}\n}}\n")?;
    Ok(())
}

fn write_into_value(code: &mut String, type_name: &str, shape: &Shape) -> Written {
    writeln!(
        code,
        "impl crate::IntoValue for {type_name} {{\n    fn into_value(self) -> crate::Value {{\n        crate::Value::Structure(vec!["
    )?;
    for member in &shape.members {
        let field = names::field(&member.name);
        if member.required {
            writeln!(code, "            Some(self.{field}.into_value()),")?;
        } else {
            writeln!(code, "            self.{field}.map(crate::IntoValue::into_value),")?;
        }
    }
    writeln!(code, "        ])\n    }}\n}}\n")?;
    Ok(())
}

fn derives(service: &Service, name: &str, shape: &Shape) -> Result<String, String> {
    let mut derives = Vec::new();
    if !holds_sensitive_bytes(service, name, &mut BTreeSet::new())? {
        derives.extend(["Clone", "PartialEq"]);
    }
    if !shape.sensitive {
        derives.push("Debug");
    }
    if shape.members.iter().all(|member| !member.required) {
        derives.push("Default");
    }
    Ok(derives.join(", "))
}

/// Whether a value of the shape can hold key material, which nobody may clone.
fn holds_sensitive_bytes(service: &Service, name: &str, seen: &mut BTreeSet<String>) -> Result<bool, String> {
    if !seen.insert(name.to_owned()) {
        return Ok(false);
    }
    let shape = service.shape(name)?;
    if shape.kind == "blob" && shape.sensitive {
        return Ok(true);
    }
    let parts = shape.members.iter().chain(&shape.member).chain(&shape.value);
    for part in parts {
        if holds_sensitive_bytes(service, &part.shape, seen)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn rust_type(service: &Service, name: &str) -> Result<String, String> {
    let shape = service.shape(name)?;
    let part = |part: &Option<Member>| match part {
        Some(member) => rust_type(service, &member.shape),
        None => Err(format!("{name} has no items")),
    };
    let plain = match shape.kind.as_str() {
        "boolean" => "bool".to_owned(),
        "integer" => "i32".to_owned(),
        "long" => "i64".to_owned(),
        "float" | "double" => "f64".to_owned(),
        "string" if !shape.values.is_empty() => return Ok(names::type_name(name)),
        "string" => "String".to_owned(),
        "blob" => "Vec<u8>".to_owned(),
        "timestamp" => "keyward_base::Timestamp".to_owned(),
        "list" => return Ok(format!("Vec<{}>", part(&shape.member)?)),
        "map" => return Ok(format!("std::collections::BTreeMap<String, {}>", part(&shape.value)?)),
        "structure" => return Ok(names::type_name(name)),
        other => return Err(format!("{name} has the unknown type {other}")),
    };
    let hidden = shape.sensitive && matches!(shape.kind.as_str(), "string" | "blob");
    Ok(if hidden { format!("crate::Sensitive<{plain}>") } else { plain })
}

fn write_enum(code: &mut String, name: &str, shape: &Shape) -> Written {
    let mut seen = BTreeSet::new();
    writeln!(
        code,
        "crate::string_enum! {{\n    /// The enumeration `{name}`.\n    {} {{",
        names::type_name(name)
    )?;
    for value in &shape.values {
        let variant = names::variant(value);
        if !seen.insert(variant.clone()) {
            return Err(format!("{name}: two values make the name {variant}").into());
        }
        writeln!(code, "        {variant} = {value:?},")?;
    }
    writeln!(code, "    }}\n}}\n")?;
    Ok(())
}

fn write_error_codes(code: &mut String, service: &Service) -> Written {
    let codes: BTreeSet<_> =
        service.errors.iter().map(|(name, error)| error.code.as_deref().unwrap_or(name)).collect();
    let mut seen = BTreeSet::new();
    writeln!(code, "/// The codes of the errors in the model.\npub mod errors {{")?;
    for error in codes {
        let constant = names::constant(error);
        if seen.insert(constant.clone()) {
            writeln!(code, "    /// `{error}`.\n    pub const {constant}: &str = {error:?};")?;
        }
    }
    writeln!(code, "}}\n")?;
    Ok(())
}
