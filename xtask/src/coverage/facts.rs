//! What a service's model says of an operation: its members and its errors, by name.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::failure::Failure;
use crate::tree::SourceFile;

/// A service's file in `models/`.
#[derive(Deserialize)]
pub(crate) struct Model {
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
struct Operation {
    input: Option<String>,
    output: Option<String>,
    #[serde(default)]
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    members: Vec<Member>,
    member: Option<Reference>,
}

#[derive(Deserialize)]
struct Member {
    name: String,
    shape: String,
}

#[derive(Deserialize)]
struct Reference {
    shape: String,
}

/// What of an operation a test can show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fact {
    /// `input`, `output` or `error`.
    pub(crate) kind: String,
    /// The member, with a dot before those of structures inside it; or the error.
    pub(crate) name: String,
}

impl Fact {
    pub(crate) fn new(kind: &str, name: &str) -> Self {
        Self { kind: kind.to_owned(), name: name.to_owned() }
    }
}

impl Model {
    /// The facts of a service.
    pub(crate) fn read(service: &str, files: &[SourceFile]) -> Result<Self, Failure> {
        let path = format!("models/{service}.json");
        let file = files.iter().find(|file| file.path == path);
        let file = file.ok_or_else(|| Failure::new(format!("{path} is missing")))?;
        Ok(serde_json::from_str(&file.text)?)
    }

    /// Everything of an operation that a test should show.
    pub(crate) fn facts(&self, operation: &str) -> Vec<Fact> {
        let Some(operation) = self.operations.get(operation) else { return Vec::new() };
        let mut facts = Vec::new();
        for (kind, shape) in [("input", &operation.input), ("output", &operation.output)] {
            let mut names = Vec::new();
            self.members(shape.as_deref().unwrap_or_default(), "", &mut Vec::new(), &mut names);
            facts.extend(names.iter().map(|name| Fact::new(kind, name)));
        }
        facts.extend(operation.errors.iter().map(|name| Fact::new("error", name)));
        facts
    }

    /// The members of a structure and of those inside it, also in lists. A structure inside itself is not followed.
    fn members<'a>(&'a self, shape: &'a str, path: &str, above: &mut Vec<&'a str>, names: &mut Vec<String>) {
        let Some(facts) = self.shapes.get(shape) else { return };
        if above.contains(&shape) {
            return;
        }
        above.push(shape);
        if let Some(item) = &facts.member {
            self.members(&item.shape, path, above, names);
        }
        for member in &facts.members {
            let name = if path.is_empty() { member.name.clone() } else { format!("{path}.{}", member.name) };
            names.push(name.clone());
            self.members(&member.shape, &name, above, names);
        }
        above.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_structures_inside_lists_are_members() {
        let model: Model = serde_json::from_str(
            r#"{"operations": {"Tag": {"input": "In", "errors": ["Bad"]}},
                "shapes": {"In": {"members": [{"name": "Tags", "shape": "Tags"}]},
                           "Tags": {"member": {"shape": "Tag"}},
                           "Tag": {"members": [{"name": "Key", "shape": "S"}, {"name": "More", "shape": "Tags"}]},
                           "S": {}}}"#,
        )
        .unwrap();
        let expected = [("input", "Tags"), ("input", "Tags.Key"), ("input", "Tags.More"), ("error", "Bad")];
        assert_eq!(model.facts("Tag"), expected.map(|(kind, name)| Fact::new(kind, name)));
    }
}
