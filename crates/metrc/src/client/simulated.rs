//! Requests to a simulated Metrc in this process: for tests, and for a store to practise with.

use super::failure::Lost;
use super::transport::{NoReply, Reply, Request, Transport};
use std::sync::Arc;
use trueup_sim::metrc::{self, Carried, Served};

/// Carries requests to a server in this process.
#[derive(Clone)]
pub struct Simulated(Arc<Served>);

impl std::fmt::Debug for Simulated {
    /// The server knows the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a simulated server")
    }
}

impl Simulated {
    /// To this server.
    #[must_use]
    pub const fn new(served: Arc<Served>) -> Self {
        Self(served)
    }
}

impl Transport for Simulated {
    async fn send(&self, request: &Request) -> Result<Reply, NoReply> {
        let request = metrc::Request {
            method: request.operation.method.name().to_owned(),
            target: request.target.clone(),
            authorization: Some(request.authorization.reveal().to_owned()),
            body: request.body.clone().unwrap_or_default(),
        };
        match self.0.exchange(request).await {
            Carried::Reply(reply) => Ok(Reply {
                status: reply.status,
                content_type: Some(reply.content_type.to_owned()),
                retry_after: reply.retry_after.map(|seconds| seconds.to_string()),
                date: Some(self.0.now()),
                body: reply.body,
            }),
            Carried::Nothing => std::future::pending().await,
            Carried::Cut | Carried::CutAfter(..) => Err(NoReply::Lost(Lost::Cut)),
        }
    }
}
