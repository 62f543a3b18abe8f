//! How long may a connection dawdle, and how does a listener stop?

mod patience;

use std::{io, net::SocketAddr, path::PathBuf, pin::pin, time::Duration};

use axum::Router;
use axum_server::{
    Handle, Server,
    accept::{Accept, NoDelayAcceptor},
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use hyper_util::rt::TokioTimer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use patience::Patient;

/// A request's head must be here by then; so long may a connection be idle, too.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// How long what runs may take when the listener stops.
const STOP_DEADLINE: Duration = Duration::from_secs(20);
/// A request's headers together.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_LIST_BYTES: u32 = 64 * 1024;
const STREAMS: u32 = 200;
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_DEADLINE: Duration = Duration::from_secs(10);

/// Where the listener's certificate and key are, both in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The leaf's key.
    pub key: PathBuf,
}

/// Why a listener does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its certificate or key cannot be used.
    #[error("the certificate or the key of the listener cannot be used")]
    Tls(#[source] io::Error),
    /// It does not listen.
    #[error("the listener does not work")]
    Listener(#[source] io::Error),
}

/// Serves until `shutdown`, then stops accepting and lets what runs come to its end, twenty seconds at most.
///
/// # Errors
/// [`ServeError`] when it cannot begin, or the listener breaks.
pub async fn serve(
    listener: std::net::TcpListener,
    tls: Option<TlsFiles>,
    router: Router,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    listener.set_nonblocking(true).map_err(ServeError::Listener)?;
    let server = axum_server::from_tcp(listener).map_err(ServeError::Listener)?;
    match tls {
        None => run(server.acceptor(Patient(NoDelayAcceptor::new())), router, shutdown).await,
        Some(files) => {
            let config = RustlsConfig::from_pem_file(files.certificate, files.key).await.map_err(ServeError::Tls)?;
            let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
            run(server.acceptor(Patient(acceptor)), router, shutdown).await
        }
    }
}

async fn run<A>(
    mut server: Server<SocketAddr, A>,
    router: Router,
    shutdown: CancellationToken,
) -> Result<(), ServeError>
where
    A: Accept<TcpStream, Router, Service = Router> + Clone + Send + Sync + 'static,
    A::Stream: AsyncRead + AsyncWrite + Unpin + Send,
    A::Future: Send,
{
    let builder = server.http_builder();
    // Without a timer of its own hyper knows no deadlines.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_DEADLINE).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_LIST_BYTES)
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_DEADLINE);
    let handle = Handle::new();
    let mut serving = pin!(server.handle(handle.clone()).serve(router.into_make_service()));
    tokio::select! {
        result = &mut serving => return result.map_err(ServeError::Listener),
        () = shutdown.cancelled() => handle.graceful_shutdown(Some(STOP_DEADLINE)),
    }
    serving.await.map_err(ServeError::Listener)
}
