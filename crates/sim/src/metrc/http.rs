//! The server behind a port of this computer.

use super::exchange::{Reply, Request};
use super::served::{Carried, Served};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Response, header};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Bytes of a request's body.
const MOST_BYTES: usize = 8 << 20;

type Body = BoxBody<Bytes, io::Error>;

/// Serves on a listener, until the future is dropped.
pub async fn serve(listener: TcpListener, served: Arc<Served>) {
    loop {
        // A client that is gone before it was accepted is no trouble of ours.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let served = Arc::clone(&served);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&served, request));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A connection that we cut ends with an error, as it should.
            drop(connection.await);
        });
    }
}

async fn answer(served: &Served, request: hyper::Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let (parts, body) = request.into_parts();
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let authorization = authorization.map(str::to_owned);
    let Ok(body) = Limited::new(body, MOST_BYTES).collect().await else {
        return Ok(response(Reply::message(413, "The request is too large."), None));
    };
    let body = body.to_bytes().to_vec();
    let request = Request { method: parts.method.as_str().to_owned(), target, authorization, body };
    let carried = served.exchange(request).await;
    // The server's clock may be another one than this computer's.
    let date = served.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let dated = |mut response: Response<Body>| {
        response.headers_mut().extend(HeaderValue::from_str(&date).ok().map(|date| (header::DATE, date)));
        response
    };
    match carried {
        Carried::Reply(reply) => Ok(dated(response(reply, None))),
        Carried::CutAfter(reply, bytes) => Ok(dated(response(reply, Some(bytes)))),
        Carried::Cut => Err(cut()),
        Carried::Nothing => std::future::pending().await,
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "cut")
}

/// The reply; cut after so many bytes, it says how many there should be.
fn response(reply: Reply, cut_after: Option<usize>) -> Response<Body> {
    let mut response = Response::builder().status(reply.status).header(header::CONTENT_TYPE, reply.content_type);
    if let Some(seconds) = reply.retry_after {
        response = response.header(header::RETRY_AFTER, seconds);
    }
    let body = match cut_after {
        None => Full::new(Bytes::from(reply.body)).map_err(|never: Infallible| match never {}).boxed(),
        Some(bytes) => {
            response = response.header(header::CONTENT_LENGTH, reply.body.len().max(bytes + 1));
            let mut first = reply.body;
            first.truncate(bytes);
            let frames = stream::iter([Ok(Frame::data(Bytes::from(first)))]).chain(stream::iter([Err(cut())]));
            BodyExt::boxed(StreamBody::new(frames))
        }
    };
    response.body(body).unwrap_or_default()
}
