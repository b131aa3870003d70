//! `serve`'s side of the operator's socket.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

use crate::admin::{Answer, Question, SOCKET};

const LINE_BYTES_MAX: u64 = 256 * 1024;

/// Does what an operator asks for.
pub(crate) trait Operator: Send + Sync + 'static {
    /// What lasts as long as a connection: a login at an HSM.
    type Session: Default + Send;

    fn answer(&self, session: &mut Self::Session, question: Question) -> impl Future<Output = Answer> + Send;

    /// The connection ended.
    fn close(&self, session: Self::Session) -> impl Future<Output = ()> + Send;
}

/// Listens in `folder` until the process ends.
pub(crate) fn serve<O: Operator>(folder: &Path, operator: Arc<O>) -> io::Result<()> {
    let path = folder.join(SOCKET);
    // The folder is ours alone (its lock says so): a socket that is there is a dead process's.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let operator = Arc::clone(&operator);
            tokio::spawn(async move {
                let mut session = O::Session::default();
                if let Err(error) = converse(stream, &*operator, &mut session).await {
                    tracing::debug!(%error, "an operator's connection ended badly");
                }
                operator.close(session).await;
            });
        }
    });
    Ok(())
}

async fn converse<O: Operator>(stream: UnixStream, operator: &O, session: &mut O::Session) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    while let Some(line) = read_line(&mut reader).await? {
        let answer = match serde_json::from_str(&line) {
            Ok(question) => operator.answer(session, question).await,
            // The error may quote the line, and the line may hold a password.
            Err(_) => Answer::Refused("not a question that this keyward knows".to_owned()),
        };
        writer.write_all(format!("{}\n", serde_json::to_string(&answer)?).as_bytes()).await?;
    }
    Ok(())
}

/// The next line; `None` at the end.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Zeroizing<String>>> {
    let mut line = Zeroizing::new(String::new());
    let length = reader.take(LINE_BYTES_MAX).read_line(&mut line).await?;
    Ok((length > 0).then_some(line))
}
