//! Frames: `length (4, big endian) | id (8, big endian) | body`, one after the other in the decrypted stream.
//!
//! The length counts id and body. Answers carry their request's id and come in any order.

/// The longest frame, without its length field. A peer that announces more is cut off.
pub const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
const LENGTH_BYTES: usize = 4;
const ID_BYTES: usize = 8;

/// One frame, borrowed from the stream's buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Which request it is, or answers.
    pub id: u64,
    /// What it carries.
    pub body: &'a [u8],
    /// How many bytes of the buffer it took.
    pub consumed: usize,
}

/// The stream is no sequence of frames; nothing after this can be read.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameError;

/// Reads the first frame of `buffer`; `None` when it has not come whole yet.
pub fn parse(buffer: &[u8]) -> Result<Option<Frame<'_>>, FrameError> {
    let Some((length, rest)) = buffer.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| FrameError)?;
    if !(ID_BYTES..=FRAME_BYTES_MAX).contains(&length) {
        return Err(FrameError);
    }
    let Some((frame, _)) = rest.split_at_checked(length) else { return Ok(None) };
    let (id, body) = frame.split_first_chunk::<ID_BYTES>().ok_or(FrameError)?;
    Ok(Some(Frame { id: u64::from_be_bytes(*id), body, consumed: LENGTH_BYTES + length }))
}

/// Appends a frame; false (and nothing appended) when the body is too long for one.
#[must_use]
pub fn append(stream: &mut Vec<u8>, id: u64, body: &[u8]) -> bool {
    let length = ID_BYTES + body.len();
    let Ok(field) = u32::try_from(length) else { return false };
    if length > FRAME_BYTES_MAX {
        return false;
    }
    stream.reserve(LENGTH_BYTES + length);
    stream.extend_from_slice(&field.to_be_bytes());
    stream.extend_from_slice(&id.to_be_bytes());
    stream.extend_from_slice(body);
    true
}

#[cfg(test)]
mod tests;
