//! What came of a command, in the form that AWS's CloudHSM CLI prints.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cloudhsm::words::FileBytes;

/// `{"error_code": 0, "data": …}`, and perhaps a file for the client to write.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    error_code: u8,
    data: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<FileBytes>,
}

impl Outcome {
    /// It was done.
    pub(crate) fn done(data: Value) -> Self {
        Self { error_code: 0, data, file: None }
    }

    /// It was done, and made a file.
    pub(crate) fn with_file(data: Value, file: Vec<u8>) -> Self {
        Self { error_code: 0, data, file: Some(FileBytes(file)) }
    }

    /// It was not done.
    pub(crate) fn failed(why: impl Into<String>) -> Self {
        Self { error_code: 1, data: Value::String(why.into()), file: None }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.error_code == 0
    }

    /// The file to write.
    pub(crate) fn take_file(&mut self) -> Option<FileBytes> {
        self.file.take()
    }

    /// What is printed.
    pub(crate) fn text(&self) -> String {
        let shown = json!({ "error_code": self.error_code, "data": self.data });
        format!("{shown:#}")
    }
}
