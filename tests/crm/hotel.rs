//! A small hotel and its portal.

use bitrix24_sandbox::{Kind, Record};

use crate::env::{CONFIG, TestEnv};

impl TestEnv {
    /// One guest, one company, one booking; nothing was sent yet. `more` is added to the
    /// configuration.
    pub(crate) fn new(more: &str) -> TestEnv {
        let hotel = TestEnv::empty();
        hotel.sql(include_str!("../mirror.sql"));
        hotel.configure(more);
        hotel
    }

    /// The same after its initial export.
    pub(crate) fn exported(more: &str) -> TestEnv {
        let hotel = TestEnv::new(more);
        hotel.run(0, "initial-export");
        hotel
    }

    pub(crate) fn configure(&self, more: &str) {
        let webhook = self.server.webhook();
        let text = format!(
            "[mirror]\npath = \"mirror.db\"\n[portal]\nwebhook = \"{webhook}\"\nsettle_time = \"1s\"\n{more}"
        );
        self.write(CONFIG, text);
    }

    /// The only object of a kind.
    pub(crate) fn only(&self, kind: Kind) -> Record {
        let portal = self.portal();
        let found: Vec<&Record> = portal.records(kind).collect();
        assert_eq!(found.len(), 1);
        found[0].clone()
    }
}
