//! The address of a host, also where the system gives no thread: looked up in a thread of its own so that the time
//! limit of the call holds, else in this one.

use std::sync::mpsc;
use std::thread;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector, NextTimeout};
use ureq::{Agent, Error};

/// An agent that never asks for a thread in vain: ureq's own resolver panics then.
pub(super) fn agent(config: Config, connector: impl Connector) -> Agent {
    Agent::with_parts(config, connector, SparingResolver)
}

#[derive(Debug)]
struct SparingResolver;

impl Resolver for SparingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let (found, answer) = mpsc::sync_channel(1);
        let own = (uri.clone(), config.clone());
        let looked_up = thread::Builder::new().spawn(move || found.send(look_up(&own.0, &own.1)).ok());
        match looked_up {
            Ok(_) => answer.recv_timeout(*timeout.after).unwrap_or(Err(Error::Timeout(timeout.reason))),
            Err(_) => look_up(uri, config),
        }
    }
}

/// As long as the system takes.
fn look_up(uri: &Uri, config: &Config) -> Result<ResolvedSocketAddrs, Error> {
    DefaultResolver::default().resolve(uri, config, NextTimeout::default())
}
