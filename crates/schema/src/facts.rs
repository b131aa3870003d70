//! What the models say, as static tables: services, operations, shapes, errors.
//!
//! `build/` writes the tables; codecs, constraint checks and routing read them. They say nothing about
//! what an operation means.

use crate::Pattern;

/// A wire protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0 or 1.1.
    Json,
    /// Smithy RPC v2 CBOR.
    Cbor,
    /// REST-XML.
    RestXml,
    /// Query: a form goes in, XML comes out.
    Query,
}

/// One service.
#[derive(Debug)]
pub struct ServiceFacts {
    /// The name in `models/`, such as `route53domains`.
    pub name: &'static str,
    /// Such as `2014-11-01`.
    pub api_version: &'static str,
    /// The protocols that the model lists, in its order.
    pub protocols: &'static [Protocol],
    /// What precedes the operation in `X-Amz-Target` and names the service in RPC v2 paths.
    pub target_prefix: Option<&'static str>,
    /// The version in the JSON content type, such as `1.1`.
    pub json_version: Option<&'static str>,
    /// The namespace of XML requests and answers.
    pub xml_namespace: Option<&'static str>,
    /// The service in the credential scope.
    pub signing_name: &'static str,
    /// The first label of AWS's own host names.
    pub endpoint_prefix: &'static str,
    /// What Keyward serves.
    pub operations: &'static [&'static OperationFacts],
    /// What AWS has and Keyward does not serve.
    pub unserved: &'static [UnservedFacts],
    /// Every error in the model.
    pub errors: &'static [ErrorFacts],
}

impl ServiceFacts {
    /// The served operation called `name`.
    pub fn operation(&self, name: &str) -> Option<&'static OperationFacts> {
        self.operations.iter().find(|operation| operation.name == name).copied()
    }

    /// The unserved operation called `name`.
    pub fn unserved(&self, name: &str) -> Option<&UnservedFacts> {
        self.unserved.iter().find(|operation| operation.name == name)
    }

    /// The error with this code, or with this shape name.
    pub fn error(&self, code: &str) -> Option<&ErrorFacts> {
        self.errors.iter().find(|error| error.code == code || error.shape == code)
    }

    /// Whether the model lists `protocol`.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols.contains(&protocol)
    }
}

/// One operation that Keyward serves.
#[derive(Debug)]
pub struct OperationFacts {
    /// The service that it belongs to.
    pub service: &'static ServiceFacts,
    /// Such as `CreateKey`.
    pub name: &'static str,
    /// The HTTP method; `POST` where the protocol does not use it.
    pub method: &'static str,
    /// The path with labels, such as `/2013-04-01/hostedzone/{Id}`; `/` where the protocol does not use it.
    pub uri: &'static str,
    /// The status of a success.
    pub status: u16,
    /// The input structure; an empty one where the model has none.
    pub input: &'static ShapeFacts,
    /// The root element of an XML request body.
    pub input_root: Option<&'static str>,
    /// The output structure; `None` where the model has none, which several protocols show.
    pub output: Option<&'static ShapeFacts>,
    /// The element around a Query result.
    pub result_wrapper: Option<&'static str>,
    /// The codes of the errors that the model lists for it.
    pub errors: &'static [&'static str],
}

/// An operation that AWS has and Keyward does not serve.
#[derive(Debug)]
pub struct UnservedFacts {
    /// Its name.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path with labels.
    pub uri: &'static str,
}

/// One error of a service.
#[derive(Debug)]
pub struct ErrorFacts {
    /// The shape's name; JSON and CBOR show it.
    pub shape: &'static str,
    /// The code; Query and REST-XML show it. Mostly the shape's name.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
}

/// One shape: its kind and what values must satisfy.
#[derive(Debug)]
pub struct ShapeFacts {
    /// Its name in the model.
    pub name: &'static str,
    /// What it is made of.
    pub kind: Kind,
    /// Whether its content must not show in messages and logs.
    pub sensitive: bool,
    /// The least value of a number, the least length of anything else.
    pub min: Option<i64>,
    /// The greatest value of a number, the greatest length of anything else.
    pub max: Option<i64>,
    /// What the whole of a string must match.
    pub pattern: Option<Pattern>,
}

/// The shape of an input or output that the model does not have.
pub static EMPTY: ShapeFacts = ShapeFacts {
    name: "Unit",
    kind: Kind::Structure { members: &[] },
    sensitive: false,
    min: None,
    max: None,
    pattern: None,
};

/// What a shape is made of.
#[derive(Debug)]
pub enum Kind {
    /// A boolean.
    Boolean,
    /// An integer of 32 bits.
    Integer,
    /// An integer of 64 bits.
    Long,
    /// A float or double.
    Double,
    /// A string; with `values` an enumeration.
    String {
        /// All that it may be, in the model's order; empty for any string.
        values: &'static [&'static str],
    },
    /// Bytes.
    Blob,
    /// A moment.
    Timestamp,
    /// A list.
    List {
        /// The shape of its items.
        item: &'static ShapeFacts,
        /// The XML element or Query word of one item, mostly `member`.
        item_name: &'static str,
        /// Whether the items stand without an element around them.
        flattened: bool,
    },
    /// A map with string keys.
    Map {
        /// The shape of its keys.
        key: &'static ShapeFacts,
        /// The shape of its values.
        value: &'static ShapeFacts,
    },
    /// A structure.
    Structure {
        /// Its members; `Value::Structure` has one slot for each.
        members: &'static [MemberFacts],
    },
}

impl ShapeFacts {
    /// The members of a structure; none for another kind.
    pub fn members(&self) -> &'static [MemberFacts] {
        match &self.kind {
            Kind::Structure { members } => members,
            _ => &[],
        }
    }
}

/// One member of a structure.
#[derive(Debug)]
pub struct MemberFacts {
    /// Its name in the model; JSON and CBOR show it.
    pub name: &'static str,
    /// The name of the XML element, Query word, URI label, query parameter or header.
    pub wire_name: &'static str,
    /// Its shape.
    pub shape: &'static ShapeFacts,
    /// Whether it must be there.
    pub required: bool,
    /// Where REST-XML has it.
    pub location: Location,
}

/// Where REST-XML has a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the body.
    Body,
    /// In the path.
    Uri,
    /// In the query string.
    Query,
    /// In a header.
    Header,
}
