//! The daemon's Unix socket in the state folder: how other commands ask the process that holds the state.
//!
//! One JSON line in, one JSON line out, then the connection ends. Mode 0600: who may read the state may ask.

use super::commands::{Command, Reply};
use super::shell::Shell;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// The longest question accepted.
const QUESTION_BYTES_MAX: u64 = 4 << 20;
/// Who connects and asks nothing is let go.
const QUESTION_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Where the socket of a state folder lies.
pub fn path(state: &Path) -> PathBuf {
    state.join("socket")
}

/// Begins to listen. Only the holder of the state's lock may call this: it takes the place of a dead daemon's socket.
pub fn listen(state: &Path) -> io::Result<UnixListener> {
    // Under another name until its mode is right: nobody else can ever connect.
    let made = state.join("socket.new");
    match std::fs::remove_file(&made) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&made, path(state))?;
    Ok(listener)
}

/// Answers until the task is dropped.
pub async fn serve(listener: UnixListener, shell: Shell) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        };
        let shell = shell.clone();
        tokio::spawn(async move {
            if let Err(error) = answer(stream, shell).await {
                tracing::debug!(%error, "a question over the socket was broken off");
            }
        });
    }
}

async fn answer(stream: UnixStream, shell: Shell) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut read = BufReader::new(read.take(QUESTION_BYTES_MAX));
    tokio::time::timeout(QUESTION_WITHIN, read.read_line(&mut line)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let reply = match serde_json::from_str::<Command>(&line) {
        Ok(command) => shell.command(command).await,
        Err(error) => Reply::Refused(format!("the daemon does not understand the question ({error}); is it of another version?")),
    };
    let mut text = serde_json::to_vec(&reply)?;
    text.push(b'\n');
    write.write_all(&text).await?;
    write.shutdown().await
}

/// Asks the daemon that holds a state. `Ok(None)`: none answers there.
pub async fn ask(state: &Path, command: &Command) -> io::Result<Option<Reply>> {
    let stream = match UnixStream::connect(path(state)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (read, mut write) = stream.into_split();
    let mut text = serde_json::to_vec(command)?;
    text.push(b'\n');
    write.write_all(&text).await?;
    let mut answer = String::new();
    BufReader::new(read).read_line(&mut answer).await?;
    if answer.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the daemon ended while it was asked"));
    }
    serde_json::from_str(&answer).map(Some).map_err(io::Error::other)
}
