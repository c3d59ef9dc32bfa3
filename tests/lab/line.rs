//! A line to one system that can be cut: while it is, the system looks stopped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle};

pub struct Line {
    pub address: SocketAddr,
    to: String,
    /// The one that takes calls; `None` while the line is cut.
    open: Mutex<Option<JoinHandle<()>>>,
    calls: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Line {
    /// A line to `host:port`.
    pub async fn to(to: &str) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = Line { address: listener.local_addr().unwrap(), to: to.to_string(), open: Mutex::default(), calls: Arc::default() };
        line.serve(listener);
        line
    }

    fn serve(&self, listener: TcpListener) {
        let (to, calls) = (self.to.clone(), self.calls.clone());
        let open = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                let call = tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(&to).await {
                        // How a connection ends is the two sides' affair.
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
                calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.abort_handle());
            }
        });
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
    }

    /// Ends every connection, and refuses new ones.
    pub async fn cut(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(open) = open {
            open.abort();
            // The port is free only when the listener is gone.
            let _ = open.await;
        }
        for call in self.calls.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            call.abort();
        }
    }

    pub async fn mend(&self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }
}
