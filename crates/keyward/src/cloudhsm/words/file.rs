//! Files named on the command line: read where the user is, sent by content (base64).

use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// More than any key, token or digest needs.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// A file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileBytes(pub(crate) Vec<u8>);

impl FileBytes {
    /// The content as text, for PEM and JSON files.
    pub(crate) fn text(&self) -> Result<&str, String> {
        std::str::from_utf8(&self.0).map_err(|_| "the file is not a text file".to_owned())
    }
}

impl FromStr for FileBytes {
    type Err = String;

    fn from_str(path: &str) -> Result<Self, String> {
        let bytes = std::fs::read(Path::new(path)).map_err(|error| error.to_string())?;
        if bytes.len() > FILE_BYTES_MAX {
            return Err(format!("the file is longer than {FILE_BYTES_MAX} bytes"));
        }
        Ok(Self(bytes))
    }
}

impl Serialize for FileBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for FileBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        data_encoding::BASE64.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}
