//! The static tables.

use std::fmt::Write;

use crate::model::{Member, Operation, Service, Shape};
use crate::names;

type Written = Result<(), Box<dyn std::error::Error>>;

/// Writes the tables of one service.
pub(crate) fn write(code: &mut String, service_name: &str, service: &Service) -> Written {
    writeln!(
        code,
        "pub use facts::SERVICE as FACTS;\n\n\
         #[allow(non_upper_case_globals, reason = \"shapes may differ in case only\")]\n\
         mod facts {{\n    use crate::*;\n"
    )?;
    write_service(code, service_name, service)?;
    for (name, operation) in service.operations.iter() {
        write_operation(code, service, name, operation)?;
    }
    for (name, shape) in service.shapes.iter() {
        write_shape(code, name, shape)?;
    }
    writeln!(code, "}}")?;
    Ok(())
}

fn write_service(code: &mut String, service_name: &str, service: &Service) -> Written {
    let metadata = &service.metadata;
    let protocols = metadata.protocols.iter().map(|name| protocol(name)).collect::<Result<Vec<_>, _>>()?;
    let operations: Vec<_> =
        service.operations.iter().map(|(name, _)| format!("&OPERATION_{}", names::constant(name))).collect();
    // Route 53's model names the namespace with the inputs only.
    let mut inputs =
        service.operations.iter().filter_map(|(_, operation)| operation.input_namespace.as_ref());
    let namespace = metadata.xml_namespace.as_ref().or(inputs.next());
    writeln!(
        code,
        "    /// All facts about the service.\n    pub static SERVICE: ServiceFacts = ServiceFacts {{ name: {service_name:?}, api_version: {:?}, protocols: &[{}], \
         target_prefix: {:?}, json_version: {:?}, xml_namespace: {namespace:?}, signing_name: {:?}, \
         endpoint_prefix: {:?}, operations: &[{}], unserved: UNSERVED, errors: ERRORS }};\n",
        metadata.api_version,
        protocols.join(", "),
        metadata.target_prefix,
        metadata.json_version,
        metadata.signing_name,
        metadata.endpoint_prefix,
        operations.join(", "),
    )?;
    writeln!(code, "    static UNSERVED: &[UnservedFacts] = &[")?;
    for (name, operation) in service.unserved.iter() {
        let (method, uri) = (&operation.method, &operation.uri);
        writeln!(code, "        UnservedFacts {{ name: {name:?}, method: {method:?}, uri: {uri:?} }},")?;
    }
    writeln!(code, "    ];\n\n    static ERRORS: &[ErrorFacts] = &[")?;
    for (name, error) in service.errors.iter() {
        let status = error.http_status_code.unwrap_or(if error.fault { 500 } else { 400 });
        let shown = error.code.as_deref().unwrap_or(name);
        writeln!(code, "        ErrorFacts {{ shape: {name:?}, code: {shown:?}, status: {status} }},")?;
    }
    writeln!(code, "    ];\n")?;
    Ok(())
}

fn protocol(name: &str) -> Result<&'static str, String> {
    match name {
        "json" => Ok("Protocol::Json"),
        "smithy-rpc-v2-cbor" => Ok("Protocol::Cbor"),
        "rest-xml" => Ok("Protocol::RestXml"),
        "query" => Ok("Protocol::Query"),
        other => Err(format!("unknown protocol {other}")),
    }
}

fn write_operation(code: &mut String, service: &Service, name: &str, operation: &Operation) -> Written {
    let errors: Vec<_> = operation
        .errors
        .iter()
        .map(|shape| service.errors.get(shape).and_then(|error| error.code.as_deref()).unwrap_or(shape))
        .collect();
    let input = operation.input.as_deref().map_or("EMPTY".to_owned(), shape_constant);
    let output = operation.output.as_deref().map(|output| format!("&{}", shape_constant(output)));
    let output = output.map_or("None".to_owned(), |output| format!("Some({output})"));
    writeln!(
        code,
        "    pub(super) static OPERATION_{}: OperationFacts = OperationFacts {{ service: &SERVICE, name: {name:?}, \
         method: {:?}, uri: {:?}, status: {}, input: &{input}, input_root: {:?}, output: {output}, \
         result_wrapper: {:?}, errors: &{errors:?} }};",
        names::constant(name),
        operation.method,
        operation.uri,
        operation.status,
        operation.input_root,
        operation.result_wrapper,
    )?;
    Ok(())
}

fn shape_constant(name: &str) -> String {
    format!("SHAPE_{name}")
}

fn write_shape(code: &mut String, name: &str, shape: &Shape) -> Written {
    let pattern = shape.pattern.as_ref().map(|pattern| format!("Some(Pattern::new({pattern:?}))"));
    writeln!(
        code,
        "    static {}: ShapeFacts = ShapeFacts {{ name: {name:?}, kind: {}, sensitive: {}, min: {:?}, max: {:?}, \
         pattern: {} }};",
        shape_constant(name),
        kind(name, shape)?,
        shape.sensitive,
        shape.min,
        shape.max,
        pattern.as_deref().unwrap_or("None"),
    )?;
    Ok(())
}

fn kind(name: &str, shape: &Shape) -> Result<String, String> {
    let part = |part: &Option<Member>| match part {
        Some(member) => Ok(format!("&{}", shape_constant(&member.shape))),
        None => Err(format!("{name} has no items")),
    };
    Ok(match shape.kind.as_str() {
        "boolean" => "Kind::Boolean".to_owned(),
        "integer" => "Kind::Integer".to_owned(),
        "long" => "Kind::Long".to_owned(),
        "float" | "double" => "Kind::Double".to_owned(),
        "string" => format!("Kind::String {{ values: &{:?} }}", shape.values),
        "blob" => "Kind::Blob".to_owned(),
        "timestamp" => "Kind::Timestamp".to_owned(),
        "list" => {
            let item_name = shape.member.as_ref().and_then(|member| member.location_name.as_deref());
            let item_name = item_name.unwrap_or("member");
            let (item, flattened) = (part(&shape.member)?, shape.flattened);
            format!("Kind::List {{ item: {item}, item_name: {item_name:?}, flattened: {flattened} }}")
        }
        "map" => format!("Kind::Map {{ key: {}, value: {} }}", part(&shape.key)?, part(&shape.value)?),
        "structure" => {
            let members = shape.members.iter().map(member).collect::<Result<Vec<_>, _>>()?;
            format!("Kind::Structure {{ members: &[{}] }}", members.join(", "))
        }
        other => return Err(format!("{name} has the unknown type {other}")),
    })
}

fn member(member: &Member) -> Result<String, String> {
    let location = match member.location.as_deref() {
        None => "Body",
        Some("uri") => "Uri",
        Some("querystring") => "Query",
        Some("header") => "Header",
        Some(other) => return Err(format!("{} is in the unknown place {other}", member.name)),
    };
    Ok(format!(
        "MemberFacts {{ name: {:?}, wire_name: {:?}, shape: &{}, required: {}, location: Location::{location} }}",
        member.name,
        member.location_name.as_ref().unwrap_or(&member.name),
        shape_constant(&member.shape),
        member.required,
    ))
}
