//! How much of a body do we take in, and for how long do we wait for it?

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use habeas_core::problem::{Code, Problem};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// A whole body must be here by then.
const BODY_DEADLINE: Duration = Duration::from_secs(15);
/// What is left of a refused body is read and thrown away up to here, so that its sender gets to see our answer
/// instead of a reset connection.
const LINGER_BYTES: usize = 8 * 1024 * 1024;
const LINGER_DEADLINE: Duration = Duration::from_secs(5);
/// Nothing is reserved ahead of its arrival beyond this, whatever `Content-Length` promises.
const RESERVED_BYTES: usize = 64 * 1024;

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// [`Code::PayloadTooLarge`], at once where the length is declared; [`Code::RequestTimeout`];
/// [`Code::MalformedJson`] where the connection or the framing broke.
pub(crate) async fn read(body: &mut Body, limit: usize) -> Result<Vec<u8>, Problem> {
    if body.is_end_stream() {
        return Ok(Vec::new());
    }
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > limit {
        return Err(Problem::new(Code::PayloadTooLarge));
    }
    let bytes = Vec::with_capacity(declared.min(RESERVED_BYTES));
    timeout(BODY_DEADLINE, collect(body, bytes, limit)).await.unwrap_or(Err(Problem::new(Code::RequestTimeout)))
}

async fn collect(body: &mut Body, mut bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>, Problem> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new(Code::MalformedJson).because("the body broke off"))?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(Problem::new(Code::PayloadTooLarge));
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Throws away what is left of a refused body, in the background and within bounds. A sender that waits for
/// `100 Continue` has sent nothing and is not asked to.
pub(crate) fn discard(headers: &HeaderMap, mut body: Body) {
    if body.is_end_stream() || headers.contains_key(header::EXPECT) {
        return;
    }
    tokio::spawn(timeout(LINGER_DEADLINE, async move {
        let mut seen = 0;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, |data| data.len());
            if seen > LINGER_BYTES {
                return;
            }
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_taken_up_to_its_limit_and_not_beyond() {
        assert_eq!(read(&mut Body::from("1234"), 4).await, Ok(b"1234".to_vec()));
        assert_eq!(read(&mut Body::empty(), 0).await, Ok(vec![]));
        let refused = read(&mut Body::from("12345"), 4).await.unwrap_err();
        assert_eq!(refused.code, Code::PayloadTooLarge);
    }

    #[tokio::test]
    async fn a_body_without_declared_length_is_counted_as_it_comes() {
        let chunks = || Body::new(http_body_util::Full::from("12345").map_frame(|frame| frame));
        assert_eq!(read(&mut chunks(), 5).await, Ok(b"12345".to_vec()));
        assert_eq!(read(&mut chunks(), 4).await.unwrap_err().code, Code::PayloadTooLarge);
    }
}
