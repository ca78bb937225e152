//! How many requests a second the simulated Metrc answers: a mix of those that a store makes, over HTTP.

use clap::Parser;
use jiff::Timestamp;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use trueup_sim::metrc::{Metrc, Settings, Sizes, basic_header};

/// Asks a simulated Metrc for so many seconds over some connections at once; prints requests a second.
#[derive(Parser)]
struct Options {
    /// Where it listens.
    #[arg(long)]
    address: String,
    /// Its vendor key.
    #[arg(long)]
    vendor: String,
    /// Its user key.
    #[arg(long)]
    user: String,
    /// The seed that it was started with.
    #[arg(long)]
    seed: u64,
    /// Packages and receipts that it was started with.
    #[arg(long, default_value_t = 5_000)]
    packages: u32,
    #[arg(long, default_value_t = 33_450)]
    receipts: u32,
    /// Connections.
    #[arg(long, default_value_t = 8)]
    connections: u64,
    /// Seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

const STORE: &str = "403R-X0001";
const EVER: &str = "lastModifiedStart=2015-01-01T00:00:00Z&lastModifiedEnd=2040-01-01T00:00:00Z";

/// Requests that were answered, and bytes.
#[derive(Default, Clone, Copy)]
struct Sum {
    requests: u64,
    bytes: u64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    // The same store again, for the numbers of its receipts.
    let sizes = Sizes { packages: options.packages, receipts: options.receipts, ..Sizes::default() };
    let now = Timestamp::from_second(1_795_000_000)?;
    let known = Metrc::store(Settings::default(), options.seed, now, sizes)?;
    let ids = known.receipt_ids(STORE);
    let header = basic_header(&options.vendor, &options.user);
    let started = now_instant();
    let until = started + Duration::from_secs(options.seconds);
    let threads: Vec<_> = (0..options.connections)
        .map(|number| {
            let (address, header, ids) = (options.address.clone(), header.clone(), ids.clone());
            std::thread::spawn(move || ask(&address, &header, &ids, (number, until)))
        })
        .collect();
    let mut all = Sum::default();
    for thread in threads {
        let sum = thread.join().map_err(|_| "a connection failed")??;
        all = Sum { requests: all.requests + sum.requests, bytes: all.bytes + sum.bytes };
    }
    let milliseconds = u64::try_from(started.elapsed().as_millis())?.max(1);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} requests a second, {} kB a second ({} requests)",
        all.requests * 1_000 / milliseconds,
        all.bytes / milliseconds,
        all.requests
    )?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "what is measured is time")]
fn now_instant() -> Instant {
    Instant::now()
}

/// Of ten requests: seven receipts by number, one page of packages, one page of receipts, one sale.
fn ask(address: &str, header: &str, ids: &[i64], (number, until): (u64, Instant)) -> std::io::Result<Sum> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut sum = Sum::default();
    let mut roll = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    while now_instant() < until {
        roll = roll.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = usize::try_from(roll >> 40).unwrap_or(0);
        let (method, target, body) = match sum.requests % 10 {
            0..=6 => {
                ("GET", format!("/sales/v2/receipts/{}?licenseNumber={STORE}", ids[chosen % ids.len()]), String::new())
            }
            7 => {
                let page = chosen % 250 + 1;
                let list = format!("/packages/v2/active?licenseNumber={STORE}&{EVER}&pageSize=20&pageNumber={page}");
                ("GET", list, String::new())
            }
            8 => {
                let page = chosen % 1_000 + 1;
                let list =
                    format!("/sales/v2/receipts/inactive?licenseNumber={STORE}&{EVER}&pageSize=20&pageNumber={page}");
                ("GET", list, String::new())
            }
            _ => ("POST", format!("/sales/v2/receipts?licenseNumber={STORE}"), sale(number, sum.requests, chosen)),
        };
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {header}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        sum.bytes += read_reply(&mut reader)?;
        sum.requests += 1;
    }
    Ok(sum)
}

fn sale(connection: u64, request: u64, chosen: usize) -> String {
    format!(
        "[{{\"SalesDateTime\":\"2026-11-20T13:00:00\",\"ExternalReceiptNumber\":\"L-{connection}-{request}\",\
         \"SalesCustomerType\":\"Consumer\",\"Transactions\":[{{\"PackageLabel\":\"1A4060300002EE1{:09}\",\"Quantity\":0.001,\
         \"UnitOfMeasure\":\"Each\",\"TotalAmount\":12.50}}]}}]",
        chosen % 5_000
    )
}

/// Bytes of a reply's body; anything but an answer or a refused sale is an error.
fn read_reply(reader: &mut BufReader<TcpStream>) -> std::io::Result<u64> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or_default().to_owned();
    if !matches!(status.as_str(), "200" | "400") {
        return Err(std::io::Error::other(format!("status {status}")));
    }
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())
}
