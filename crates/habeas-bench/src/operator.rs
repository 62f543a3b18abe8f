//! How does a server do? Its metrics, each time over a connection of its own: an idle one would be closed.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpStream;

use crate::wire::Wire;

const ASK: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// What the metrics say now.
///
/// # Errors
/// When the server does not answer them.
pub(crate) async fn metrics(address: SocketAddr) -> Result<Metrics> {
    let mut wire = Wire::new(TcpStream::connect(address).await.context("operators are not served")?);
    wire.send(ASK).await?;
    let answer = wire.next().await?.context("the server hung up on its operator")?;
    if answer.status() != 200 {
        bail!("the metrics were answered {}", answer.status());
    }
    Ok(Metrics(String::from_utf8(answer.body.to_vec())?))
}

/// Numbers in OpenMetrics' text format.
pub(crate) struct Metrics(String);

impl Metrics {
    /// The sum of the rows of a name that have a label; 0 if there are none.
    pub(crate) fn sum(&self, name: &str, label: &str) -> u64 {
        let rows = self.0.lines().filter_map(|line| line.split_once(' '));
        let named = rows.filter(|(series, _)| {
            series.split_once('{').is_some_and(|(family, labels)| family == name && labels.contains(label))
        });
        named.filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
    }

    /// The value of the only row of a name.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn value(&self, name: &'static str) -> Result<u64> {
        let mut rows = self.0.lines().filter_map(|line| line.split_once(' '));
        let (_, value) = rows.find(|(series, _)| *series == name).context(name)?;
        Ok(value.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_name_and_label() {
        let text = "# TYPE a gauge\na{x=\"1\",y=\"2\"} 5\na{x=\"2\"} 7\na{x=\"2\",y=\"3\"} 1\na_total 3\nab{x=\"1\"} 9\n# EOF\n";
        let metrics = Metrics(text.to_owned());
        let sums = [("a", "x=\"1\""), ("a", "x=\"2\""), ("b", "x=\"1\"")];
        assert_eq!(sums.map(|(name, label)| metrics.sum(name, label)), [5, 8, 0]);
        assert_eq!(metrics.value("a_total").unwrap(), 3);
        assert!(metrics.value("total").is_err());
    }
}
