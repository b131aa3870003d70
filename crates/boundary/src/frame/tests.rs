//! Frames: whole or not yet, and no bytes make the parser fail.

use proptest::prelude::*;

use super::*;

#[test]
fn a_frame_that_has_not_come_whole_is_waited_for() {
    let mut stream = Vec::new();
    assert!(append(&mut stream, 7, b"body"));
    for cut in 0..stream.len() {
        assert_eq!(parse(&stream[..cut]), Ok(None));
    }
    stream.extend_from_slice(b"next");
    assert_eq!(parse(&stream), Ok(Some(Frame { id: 7, body: b"body", consumed: 16 })));
}

#[test]
fn refuses_lengths_that_no_frame_has() {
    assert_eq!(parse(&7u32.to_be_bytes()), Err(FrameError));
    assert_eq!(parse(&u32::MAX.to_be_bytes()), Err(FrameError));
    let mut stream = Vec::new();
    assert!(!append(&mut stream, 1, &vec![0; FRAME_BYTES_MAX]));
    assert!(stream.is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(Some(frame)) = parse(&bytes) {
            let mut again = Vec::new();
            prop_assert!(append(&mut again, frame.id, frame.body));
            prop_assert_eq!(&again[..], &bytes[..frame.consumed]);
        }
    }
}
