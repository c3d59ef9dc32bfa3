//! The daemon's Unix socket in the state folder: how other commands ask the process that holds the state.
//!
//! One JSON line in, one JSON line out, then the connection ends. Mode 0600: who may read the state may ask.

use crate::daemon::commands::{Command, Reply};
use crate::daemon::shell::Shell;
use crate::telemetry::InternalEvent;
use crate::telemetry::web::QuestionBrokenOff;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// The longest question accepted.
const QUESTION_BYTES_MAX: u64 = 4 << 20;
/// Who connects and asks nothing is let go.
const QUESTION_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

const SOCKET: &str = "socket";
/// Under this name until its mode is right: nobody else can ever connect.
const SOCKET_NEW: &str = "socket.new";
/// The longest path that is a Unix socket's address everywhere: Linux has 107 bytes for it (unix(7)), others have 103.
const ADDRESS_BYTES_MAX: usize = 103;

/// Where the socket of a state folder lies.
pub fn path(state: &Path) -> PathBuf {
    state.join(SOCKET)
}

/// A socket's address. Where the folder lies too deep for one, it leads through an open handle of the folder, as long as this is there.
struct SocketAddress {
    path: PathBuf,
    _folder: Option<File>,
}

impl SocketAddress {
    fn of(state: &Path, name: &str) -> io::Result<SocketAddress> {
        let path = state.join(name);
        let length = path.as_os_str().len();
        if length <= ADDRESS_BYTES_MAX {
            return Ok(SocketAddress { path, _folder: None });
        }
        if !cfg!(target_os = "linux") {
            let why =
                format!("its path has {length} bytes, {ADDRESS_BYTES_MAX} are the most; give [state] url in systems.toml a shorter folder");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let folder = File::open(state)?;
        // proc(5): the entry leads to the folder itself, however long its name is.
        Ok(SocketAddress { path: format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()).into(), _folder: Some(folder) })
    }
}

/// Begins to listen. Only the holder of the state's lock may call this: it takes the place of a dead daemon's socket.
pub fn listen(state: &Path) -> io::Result<UnixListener> {
    let made = state.join(SOCKET_NEW);
    match std::fs::remove_file(&made) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let address = SocketAddress::of(state, SOCKET_NEW)?;
    let listener = UnixListener::bind(&address.path)?;
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
                QuestionBrokenOff { error: &error }.emit();
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
    let address = match SocketAddress::of(state, SOCKET) {
        Ok(address) => address,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let stream = match UnixStream::connect(&address.path).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A Unix socket's address may have 107 bytes; folders of customers are longer.
    #[tokio::test]
    async fn a_daemon_in_a_deep_folder_is_asked_like_any_other() {
        let root = tempfile::tempdir().unwrap();
        for depth in [0, 3, 12] {
            let state = root.path().join("customer-relations/".repeat(depth)).join("data");
            std::fs::create_dir_all(&state).unwrap();
            assert!(ask(&state, &Command::Status).await.unwrap().is_none(), "nobody listens yet");
            let listener = listen(&state).unwrap();
            let mode = std::fs::metadata(path(&state)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let answering = async {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream = BufReader::new(stream);
                stream.read_line(&mut String::new()).await.unwrap();
                let reply = serde_json::to_vec(&Reply::Refused("not now".into())).unwrap();
                stream.write_all(&[&reply[..], b"\n"].concat()).await.unwrap();
            };
            let (reply, ()) = tokio::join!(ask(&state, &Command::Status), answering);
            assert!(matches!(reply.unwrap(), Some(Reply::Refused(said)) if said == "not now"), "{depth}");
        }
    }
}
