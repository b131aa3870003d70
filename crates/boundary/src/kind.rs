//! What distinguishes one kind of child from another: its names and its protocol's version.

/// A kind of child process.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What messages call it: `vault`.
    pub name: &'static str,
    /// The command that becomes it: `keyward vault`.
    pub command: &'static str,
    /// What to do about one whose folder is lost, if there is no backup of the folder.
    pub without_folder: &'static str,
    /// Bound into the handshake; changed whenever a request or an answer changes its form, so that two versions that do not
    /// understand each other never get as far as a frame.
    pub prologue: &'static [u8],
}

impl Kind {
    /// Begins the line that a failed child says last; its client takes what follows as the reason.
    pub fn failure_prefix(&self) -> String {
        format!("{}: ", self.command)
    }
}
