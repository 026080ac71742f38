//! The load: keep-alive connections over loopback, written by hand so that they cost little beside the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use env::Stopwatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::gateway::Gateway;

/// Creates per second over `duration`.
pub(crate) async fn creates(gateway: &Gateway, connections: usize, duration: Duration) -> anyhow::Result<u64> {
    let body = format!(
        r#"{{"brand_id":"{}","client":{{"email":"ada@example.com"}},"purchase":{{"currency":"MYR","products":[{{"name":"Tea","price":450,"quantity":"2","tax_percent":"6"}}]}},"reference":"ORD-7"}}"#,
        gateway.credentials.brand_id
    );
    let request: Arc<[u8]> = format!(
        "POST /api/v1/purchases/ HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        gateway.address,
        gateway.credentials.secret_key,
        body.len()
    )
    .into_bytes()
    .into();
    let done = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    let mut tasks = vec![];
    for _ in 0..connections {
        let (request, done, address) = (Arc::clone(&request), Arc::clone(&done), gateway.address);
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut buffer = Vec::with_capacity(8 * 1024);
            while watch.elapsed() < duration {
                stream.write_all(&request).await?;
                created(&mut stream, &mut buffer).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    Ok(done.load(Ordering::Relaxed) * 1_000 / millis)
}

/// Reads one answer, which must be 201.
async fn created(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?;
        if !text.starts_with("HTTP/1.1 201 ") {
            bail!("the server answered {text}");
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).context("a length")?;
        let length: usize = length.parse()?;
        while buffer.len() < head + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                bail!("the server closed the connection");
            }
        }
        return Ok(());
    }
}
