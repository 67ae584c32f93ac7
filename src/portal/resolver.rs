//! Looks up the address of a host in a thread of its own, so that the time limit of the call holds,
//! and in this thread where the system gives no other. ureq's own resolver panics then.

use std::sync::mpsc;
use std::thread;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector, NextTimeout};
use ureq::{Agent, Error};

pub(super) fn agent(config: Config, connector: impl Connector) -> Agent {
    Agent::with_parts(config, connector, ThreadResolver)
}

#[derive(Debug)]
struct ThreadResolver;

impl Resolver for ThreadResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let own_uri = uri.clone();
        let own_config = config.clone();
        let thread =
            thread::Builder::new().spawn(move || sender.send(look_up(&own_uri, &own_config)).ok());
        match thread {
            Ok(_) => {
                receiver.recv_timeout(*timeout.after).unwrap_or(Err(Error::Timeout(timeout.reason)))
            }
            Err(_) => look_up(uri, config),
        }
    }
}

fn look_up(uri: &Uri, config: &Config) -> Result<ResolvedSocketAddrs, Error> {
    DefaultResolver::default().resolve(uri, config, NextTimeout::default())
}
