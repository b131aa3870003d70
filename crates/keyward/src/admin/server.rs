//! `serve`'s side of the operator's socket.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::admin::{Answer, Question, SOCKET};

const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Does what an operator asks for.
pub(crate) trait Operator: Send + Sync + 'static {
    fn answer(&self, question: Question) -> impl Future<Output = Answer> + Send;
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
                if let Err(error) = converse(stream, &*operator).await {
                    tracing::debug!(%error, "an operator's connection ended badly");
                }
            });
        }
    });
    Ok(())
}

async fn converse<O: Operator>(stream: UnixStream, operator: &O) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Ok(question) => operator.answer(question).await,
        Err(error) => Answer::Refused(format!("not a question that this keyward knows: {error}")),
    };
    writer.write_all(format!("{}\n", serde_json::to_string(&answer)?).as_bytes()).await
}
