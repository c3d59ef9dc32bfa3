//! A connection of a mail server, and how much of an answer it takes at once.

use crate::config::MilterListen;
use socket2::SockRef;
use std::io;
use std::os::unix::fs::PermissionsExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A Unix socket has room for 200 kB by itself, which is less than many a newsletter has; the system may allow less.
const UNIX_ROOM: usize = 4 << 20;

/// Where mail servers come in.
pub enum BoundMilter {
    Inet(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

/// Binds the address of `[milter]`. A socket that nobody listens on any more is replaced.
pub fn bind(listen: &MilterListen) -> io::Result<BoundMilter> {
    match listen {
        MilterListen::Inet(address) => {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(BoundMilter::Inet(listener))
        }
        MilterListen::Unix(path) => {
            if std::os::unix::net::UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
                std::fs::remove_file(path)?;
            }
            let listener = std::os::unix::net::UnixListener::bind(path)?;
            // The mail server runs as another user. Who may come near it, its folder says.
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
            listener.set_nonblocking(true)?;
            Ok(BoundMilter::Unix(listener))
        }
    }
}

impl BoundMilter {
    /// The same address, for the runtime.
    pub(super) fn listening(&self) -> io::Result<Listening> {
        Ok(match self {
            BoundMilter::Inet(listener) => Listening::Inet(TcpListener::from_std(listener.try_clone()?)?),
            BoundMilter::Unix(listener) => Listening::Unix(UnixListener::from_std(listener.try_clone()?)?),
        })
    }
}

/// A bound address that accepts.
pub(super) enum Listening {
    Inet(TcpListener),
    Unix(UnixListener),
}

impl Listening {
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Line>> {
        Ok(match self {
            Listening::Inet(listener) => {
                let (stream, _) = listener.accept().await?;
                // Short answers must not wait for more to send.
                let _ = stream.set_nodelay(true);
                Box::new(stream)
            }
            Listening::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                // What it comes to is asked for before it is relied on.
                let _ = SockRef::from(&stream).set_send_buffer_size(UNIX_ROOM);
                Box::new(stream)
            }
        })
    }
}

/// A connection of either sort.
pub(super) trait Line: AsyncRead + AsyncWrite + Unpin + Send + Sync {
    /// Octets that the system takes at once from a connection on which nothing waits to be read: they arrive even if we are killed then.
    fn takes_at_once(&self) -> usize;

    /// Has the system confirm now what was read. It delays that, and Postfix 3.7 sends a mail's first field only then: 45 ms a mail.
    fn confirm(&self) {}
}

/// Of the room that is told, the system uses some for itself.
fn surely(room: io::Result<usize>) -> usize {
    room.unwrap_or(0) / 2
}

impl Line for TcpStream {
    fn confirm(&self) {
        // Where it cannot be asked for, mails only take longer.
        #[cfg(target_os = "linux")]
        let _ = self.set_quickack(true);
    }

    fn takes_at_once(&self) -> usize {
        surely(SockRef::from(self).send_buffer_size())
    }
}

impl Line for UnixStream {
    fn takes_at_once(&self) -> usize {
        surely(SockRef::from(self).send_buffer_size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    /// On both, what is told goes out in one step while nobody reads.
    async fn takes_all(mut line: Box<dyn Line>) {
        // The runtime knows from then on that there is room.
        line.write_all(b"x").await.unwrap();
        let bytes = vec![b'x'; line.takes_at_once()];
        assert!(bytes.len() > 100_000, "{}", bytes.len());
        let sent = futures::FutureExt::now_or_never(line.write_all(&bytes));
        assert!(matches!(sent, Some(Ok(()))), "{sent:?} of {}", bytes.len());
    }

    #[tokio::test]
    async fn what_a_line_says_that_it_takes_it_takes_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("milter");
        let bound = bind(&MilterListen::Unix(at.clone())).unwrap();
        let listening = bound.listening().unwrap();
        let _silent = UnixStream::connect(&at).await.unwrap();
        takes_all(listening.accept().await.unwrap()).await;
        let bound = bind(&MilterListen::Inet("127.0.0.1:0".parse().unwrap())).unwrap();
        let BoundMilter::Inet(listener) = &bound else { panic!() };
        let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        takes_all(bound.listening().unwrap().accept().await.unwrap()).await;
    }

    #[test]
    fn a_socket_that_nobody_listens_on_is_replaced_and_another_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let listen = MilterListen::Unix(folder.path().join("milter"));
        let first = bind(&listen).unwrap();
        assert!(bind(&listen).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse), "somebody listens");
        drop(first);
        assert!(bind(&listen).is_ok());
    }
}
