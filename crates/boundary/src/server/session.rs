//! One session on one socket: the handshake, then requests in, until the client is gone.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::server::Outbox;
use crate::session::channel::{Channel, Opener, with_length};
use crate::session::credentials::Credentials;
use crate::session::handshake::respond;

/// A client that says nothing must not hold the child.
const HANDSHAKE_SECONDS_MAX: u64 = 10;
const READ_BYTES: usize = 64 * 1024;

/// Takes requests; the answers go to the outbox, now or later, from any thread.
pub trait Reader {
    /// One read from the socket brought what `take` gets next.
    fn batch_begins(&mut self) {}

    /// A request came.
    fn take(&mut self, id: u64, message: &[u8]);
}

/// Shakes hands with the enrolled client.
pub fn accept(socket: &mut UnixStream, credentials: &Credentials, prologue: &[u8]) -> io::Result<Channel> {
    socket.set_read_timeout(Some(Duration::from_secs(HANDSHAKE_SECONDS_MAX)))?;
    let mut length = [0; 2];
    socket.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    socket.read_exact(&mut message)?;
    let (answer, channel) = respond(credentials, prologue, &message).map_err(io::Error::other)?;
    socket.write_all(&with_length(&answer).map_err(io::Error::other)?)?;
    socket.set_read_timeout(None)?;
    Ok(channel)
}

/// Reads requests until the client closes the session, which is no error. What the reader put into the outbox leaves after each
/// read.
pub fn read(
    socket: &mut UnixStream,
    mut opener: Opener,
    outbox: &Outbox,
    reader: &mut impl Reader,
) -> io::Result<()> {
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let length = match socket.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        opener.receive(bytes.get(..length).unwrap_or_default()).map_err(io::Error::other)?;
        reader.batch_begins();
        opener.frames(|id, message| reader.take(id, message)).map_err(io::Error::other)?;
        outbox.flush();
    }
}
