//! What goes over the wire below HTTP's own terms.

use anyhow::{Context, Result};
use simorg::SimOrg;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn names_of_headers_have_capitals() -> Result<()> {
    let org = SimOrg::new().bare().start().await?;
    let mut connection = TcpStream::connect(org.address()).await?;

    connection.write_all(b"GET /services/data HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;

    let (head, _) = answer.split_once("\r\n\r\n").context("a head")?;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for name in ["Content-Type", "Cache-Control", "Date"] {
        assert!(head.contains(&format!("\r\n{name}: ")), "{head}");
    }
    Ok(())
}
