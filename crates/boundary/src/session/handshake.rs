//! The handshake: one message each way. Whoever finishes it knows that the other side holds its keys.

use snow::{Builder, HandshakeState};

use crate::session::SessionError;
use crate::session::channel::{Channel, MESSAGE_BYTES_MAX};
use crate::session::cipher::resolver;
use crate::session::credentials::Credentials;

const PATTERN: &str = "Noise_KKpsk2_25519_AESGCM_SHA256";
/// Where the pattern mixes the pre-shared key in.
const PSK_POSITION: u8 = 2;

/// The client's side between its message and the child's.
pub struct Initiator(HandshakeState);

impl Initiator {
    /// Starts; gives the message for the child.
    pub fn start(credentials: &Credentials, prologue: &[u8]) -> Result<(Self, Vec<u8>), SessionError> {
        let mut state = builder(credentials, prologue)?.build_initiator().map_err(failed)?;
        let message = write(&mut state)?;
        Ok((Self(state), message))
    }

    /// Ends with the child's message. An error here means that the child is not the enrolled one.
    pub fn finish(mut self, message: &[u8]) -> Result<Channel, SessionError> {
        read(&mut self.0, message)?;
        self.0.into_stateless_transport_mode().map(Channel::new).map_err(failed)
    }
}

/// The child's side: reads the client's message, gives the answer and the channel.
pub fn respond(
    credentials: &Credentials,
    prologue: &[u8],
    message: &[u8],
) -> Result<(Vec<u8>, Channel), SessionError> {
    let mut state = builder(credentials, prologue)?.build_responder().map_err(failed)?;
    read(&mut state, message)?;
    let answer = write(&mut state)?;
    state.into_stateless_transport_mode().map(|state| (answer, Channel::new(state))).map_err(failed)
}

/// A fresh static key pair: private, public.
pub fn key_pair() -> Result<([u8; 32], [u8; 32]), SessionError> {
    let parameters = PATTERN.parse().map_err(failed)?;
    let mut pair = Builder::new(parameters).generate_keypair().map_err(failed)?;
    let both = pair.private.as_slice().try_into().ok().zip(pair.public.as_slice().try_into().ok());
    zeroize::Zeroize::zeroize(&mut pair.private);
    both.ok_or(SessionError::Handshake)
}

fn builder<'a>(credentials: &'a Credentials, prologue: &'a [u8]) -> Result<Builder<'a>, SessionError> {
    let parameters = PATTERN.parse().map_err(failed)?;
    Builder::with_resolver(parameters, resolver())
        .prologue(prologue)
        .and_then(|builder| builder.local_private_key(&*credentials.private))
        .and_then(|builder| builder.remote_public_key(&credentials.peer))
        .and_then(|builder| builder.psk(PSK_POSITION, &credentials.psk))
        .map_err(failed)
}

fn write(state: &mut HandshakeState) -> Result<Vec<u8>, SessionError> {
    let mut message = vec![0; MESSAGE_BYTES_MAX];
    let length = state.write_message(&[], &mut message).map_err(failed)?;
    message.truncate(length);
    Ok(message)
}

fn read(state: &mut HandshakeState, message: &[u8]) -> Result<(), SessionError> {
    let mut payload = vec![0; MESSAGE_BYTES_MAX];
    state.read_message(message, &mut payload).map(|_| ()).map_err(failed)
}

fn failed(_: snow::Error) -> SessionError {
    SessionError::Handshake
}

#[cfg(test)]
pub(crate) mod tests;
