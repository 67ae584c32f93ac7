//! The state's tables, and how an older state becomes a newer one.

use rusqlite::Connection;

use super::error::OpenError;
use crate::domain::messages::StateMessage;

/// Marks the file as ours in the header of the `SQLite` file: "ECB4".
pub(super) const APPLICATION_ID: u32 = 0x4543_4234;

/// Each step raises `user_version` by one. Steps that were released never change.
const MIGRATIONS: &[&str] = &[RECORDS, BLOCKS, MARKS, VANISHED, REASONS, COUNTED, STAYS];

const RECORDS: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    -- What was sent last. A row stays when a guest or a company is gone from Ecvi; a booking's goes
    -- with its deal.
    CREATE TABLE records (
        kind TEXT NOT NULL,
        id ANY NOT NULL,
        crm_id INTEGER,
        -- of the row as last sent; NULL: never, or no longer known
        modified_at TEXT,
        content INTEGER NOT NULL DEFAULT 0,   -- fingerprint of the row
        -- fingerprint of a booking's people and companies, as Ecvi ids
        people INTEGER NOT NULL DEFAULT 0,
        -- fingerprint of a deal's title and people, as CRM ids
        links INTEGER NOT NULL DEFAULT 0,
        -- a guest's last name, a booking's number, a company's name
        label TEXT NOT NULL DEFAULT '',
        written TEXT NOT NULL DEFAULT '',     -- phones and e-mails that are ours, JSON
        -- bits: 1 send again, 2 closing date, 4 look at the people again
        todo INTEGER NOT NULL DEFAULT 0,
        -- bits: 1 gone from Ecvi, 2 released by reset-id, 4 gone from the CRM, 8 has our mark
        flags INTEGER NOT NULL DEFAULT 0,
        -- the run in which the object was last known to be alive
        seen_run INTEGER NOT NULL DEFAULT 0,
        strikes INTEGER NOT NULL DEFAULT 0,   -- calls in a row that were never answered
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX records_by_object ON records (kind, crm_id) WHERE crm_id IS NOT NULL;

    -- Calls without an answer yet: written before the call, removed after its answer.
    CREATE TABLE doubts (
        kind TEXT NOT NULL, id ANY NOT NULL, operation TEXT NOT NULL, at TEXT NOT NULL,
        -- of the row on its way
        modified_at TEXT NOT NULL, content INTEGER NOT NULL, people INTEGER NOT NULL,
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;

    -- Records whose id is to be written back into the mirror.
    CREATE TABLE write_backs (
        kind TEXT NOT NULL, id ANY NOT NULL, PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;

    -- People and companies whose bookings have to be looked at again.
    CREATE TABLE touched (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id ANY NOT NULL
    ) STRICT;

    -- severity: failure, warning or waiting.
    CREATE TABLE troubles (
        kind TEXT NOT NULL, id ANY NOT NULL, severity TEXT NOT NULL, code TEXT NOT NULL,
        operation TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL,
        first_at TEXT NOT NULL, last_at TEXT NOT NULL, next_at TEXT,
        modified_at TEXT NOT NULL, content INTEGER NOT NULL, people INTEGER NOT NULL,
        PRIMARY KEY (kind, id, severity, code)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, command TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
        outcome TEXT, message TEXT, counts TEXT NOT NULL DEFAULT '{}',
        requests INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE history (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, id ANY NOT NULL,
        event TEXT NOT NULL, crm_id INTEGER, detail TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX history_by_record ON history (kind, id);
";

const BLOCKS: &str = "
    -- Blocks of neighbouring ids, each up to the next one's first. The digest is what the mirror
    -- showed when everything in the block stood as sent; NULL: something there is to be looked at.
    CREATE TABLE blocks (
        kind TEXT NOT NULL,
        first ANY NOT NULL,                   -- the first id; before all ids it is minus infinity
        digest INTEGER,
        linked INTEGER NOT NULL,              -- records that are in the mirror and have an object
        PRIMARY KEY (kind, first)
    ) STRICT, WITHOUT ROWID;

    -- Whatever makes a record due that stood as sent changes its row here. Doubts, failures and
    -- waiting bookings only hold a record back, and a block that has one is not kept; who is
    -- touched is looked for among all bookings.
    CREATE TRIGGER blocks_insert AFTER INSERT ON records BEGIN
        UPDATE blocks SET digest = NULL WHERE kind = NEW.kind AND digest IS NOT NULL AND first =
            (SELECT first FROM blocks WHERE kind = NEW.kind AND first <= NEW.id
             ORDER BY first DESC LIMIT 1);
    END;
    CREATE TRIGGER blocks_delete AFTER DELETE ON records BEGIN
        UPDATE blocks SET digest = NULL WHERE kind = OLD.kind AND digest IS NOT NULL AND first =
            (SELECT first FROM blocks WHERE kind = OLD.kind AND first <= OLD.id
             ORDER BY first DESC LIMIT 1);
    END;
    CREATE TRIGGER blocks_update
    AFTER UPDATE OF kind, id, crm_id, modified_at, content, people, label, todo, flags ON records
    BEGIN
        UPDATE blocks SET digest = NULL WHERE kind = NEW.kind AND digest IS NOT NULL AND first =
            (SELECT first FROM blocks WHERE kind = NEW.kind AND first <= NEW.id
             ORDER BY first DESC LIMIT 1);
    END;
";

const MARKS: &str = "
    -- When the object was last known to be alive, in seconds of Unix time.
    ALTER TABLE records ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;

    -- Flag 16: the object carries another record's mark, on purpose. Until now nobody wrote that
    -- down, but the history tells who was put on another's object, and not who was given a number
    -- that the portal had used before.
    UPDATE records SET flags = flags | 16
    WHERE (kind, crm_id) IN (SELECT kind, crm_id FROM records WHERE crm_id IS NOT NULL
                             GROUP BY kind, crm_id HAVING count(*) > 1)
      AND (kind, crm_id) IN (SELECT kind, crm_id FROM history
                             WHERE event IN ('relinked', 'pointed'));
";

const REASONS: &str = "
    -- Why there was no answer, for people, should the record be put aside for that.
    ALTER TABLE doubts ADD COLUMN reason TEXT NOT NULL DEFAULT '';
";

const COUNTED: &str = "
    -- The status page counts after each run what stands in the CRM: all with an object, less those
    -- gone from Ecvi.
    CREATE INDEX records_gone ON records (kind, crm_id) WHERE flags & 1 = 1;
";

const STAYS: &str = "
    -- What the bookings say of their guests, as last read, where the configuration asks for it. Bit
    -- 8 of a guest's todo: they say something else by now than was sent.
    CREATE TABLE stays (
        booking ANY NOT NULL, guest ANY NOT NULL, status TEXT NOT NULL,
        arrival TEXT NOT NULL, departure TEXT NOT NULL,  -- days
        -- in hundredths; 0 for all guests of the booking but one
        amount INTEGER NOT NULL,
        PRIMARY KEY (booking, guest)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX stays_by_guest ON stays (guest);
    CREATE INDEX stays_ahead ON stays (arrival) WHERE status IN ('temporary', 'confirmed');
";

const VANISHED: &str = "
    -- Since when the row of a record is missing, as the first reading saw it from which anything
    -- may be concluded.
    ALTER TABLE records ADD COLUMN missing_since TEXT;
    CREATE INDEX records_missing ON records (kind, id) WHERE missing_since IS NOT NULL;

    -- Of bookings as last read, in minutes of the hotel's wall clock since 1970.
    ALTER TABLE records ADD COLUMN arrival INTEGER;
    ALTER TABLE records ADD COLUMN departure INTEGER;
    CREATE INDEX records_by_arrival ON records (arrival, id) WHERE arrival IS NOT NULL;
    CREATE INDEX records_by_departure ON records (departure, id) WHERE departure IS NOT NULL;

    -- Who was given up lately without anybody's word: they count with those who vanish next.
    CREATE TABLE departures (
        kind TEXT NOT NULL, id ANY NOT NULL, at TEXT NOT NULL, arrival INTEGER, departure INTEGER,
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;

    -- What a block looked like when it was last seen, whether or not everything in it stood as
    -- sent, and since when.
    ALTER TABLE blocks ADD COLUMN seen INTEGER;
    ALTER TABLE blocks ADD COLUMN changed_at TEXT;
    -- All are read once more: of bookings that were sent before, arrival and departure are not
    -- known.
    UPDATE blocks SET digest = NULL;
";

/// The state's version; 0 is a file that nothing was written into yet.
///
/// # Errors
/// A file of another program, or a state of a newer version.
fn version(connection: &Connection) -> Result<usize, OpenError> {
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: u32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID && (version > 0 || has_tables(connection)?) {
        return Err(OpenError::Refused(StateMessage::OtherProgram));
    }
    if version > MIGRATIONS.len() {
        return Err(OpenError::Refused(StateMessage::NewerVersion));
    }
    Ok(version)
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare("SELECT 1 FROM sqlite_schema")?.exists([])
}

/// Whether the state can be read as it is; not while it is empty.
pub(super) fn is_current(connection: &Connection) -> Result<bool, OpenError> {
    let version = version(connection)?;
    if version > 0 && version < MIGRATIONS.len() {
        return Err(OpenError::Refused(StateMessage::OlderVersion));
    }
    Ok(version > 0)
}

/// Brings a new or older state to this version's schema.
///
/// # Errors
/// A file of another program, or a state of a newer version.
pub(super) fn migrate(connection: &Connection) -> Result<(), OpenError> {
    let version = version(connection)?;
    let steps = MIGRATIONS[version..].concat();
    let last = MIGRATIONS.len();
    if !steps.is_empty() {
        // All at once: killed in between, a new state would look like one of an older version.
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {steps}
             PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {last}; COMMIT;"
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_a_newer_version_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(
            migrate(&connection),
            Err(OpenError::Refused(StateMessage::NewerVersion))
        ));
    }

    #[test]
    fn a_file_of_another_program_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(
            migrate(&connection),
            Err(OpenError::Refused(StateMessage::OtherProgram))
        ));
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection).unwrap();
        connection
            .execute("INSERT INTO records (kind, id, crm_id) VALUES ('guest', 42, 7)", [])
            .unwrap();
        let before = version(&connection).unwrap();
        migrate(&connection).unwrap();
        let crm_id: i64 =
            connection.query_row("SELECT crm_id FROM records", [], |row| row.get(0)).unwrap();
        assert_eq!((crm_id, version(&connection).unwrap()), (7, before));
    }

    #[test]
    fn a_state_of_the_second_version_reads_every_block_once_more() {
        let connection = Connection::open_in_memory().unwrap();
        let second = format!(
            "{RECORDS}{BLOCKS} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2;"
        );
        connection.execute_batch(&second).unwrap();
        connection
            .execute("INSERT INTO records (kind, id, crm_id) VALUES ('booking', 5, 7)", [])
            .unwrap();
        connection.execute("INSERT INTO blocks VALUES ('booking', -9e999, 11, 1)", []).unwrap();
        migrate(&connection).unwrap();
        let void = "SELECT count(*) FROM blocks WHERE digest IS NULL AND seen IS NULL";
        let kept = "SELECT count(*) FROM records WHERE crm_id = 7 AND missing_since IS NULL";
        for sql in [void, kept] {
            let count: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(count, 1, "{sql}");
        }
    }

    #[test]
    fn records_that_were_put_on_one_object_are_known_to_share_it_and_others_are_not() {
        let connection = Connection::open_in_memory().unwrap();
        let second = format!(
            "{RECORDS}{BLOCKS} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2;"
        );
        connection.execute_batch(&second).unwrap();
        let records = "
            INSERT INTO records (kind, id, crm_id, flags) VALUES
                ('guest', 1, 10, 8), ('guest', 2, 10, 0),   -- 2 was relinked to the card of 1
                ('guest', 3, 30, 0), ('guest', 4, 30, 0),   -- somebody pointed 4 at the card of 3
                ('guest', 5, 50, 0), ('guest', 6, 50, 0),   -- the portal gave the number out twice
                ('guest', 7, 70, 0),                        -- relinked, and alone on its card
                ('guest', 8, NULL, 0), ('guest', 9, NULL, 0),
                ('company', 1, 10, 0), ('company', 2, 10, 0); -- the same number, of another kind
            INSERT INTO history (at, kind, id, event, crm_id) VALUES
                ('', 'guest', 2, 'relinked', 10), ('', 'guest', 4, 'pointed', 30),
                ('', 'guest', 5, 'created', 50), ('', 'guest', 6, 'relinked', 51),
                ('', 'guest', 7, 'relinked', 70), ('', 'guest', 8, 'relinked', NULL);";
        connection.execute_batch(records).unwrap();
        migrate(&connection).unwrap();
        let sql = "SELECT group_concat(kind || ' ' || id || ' ' || flags, ', ')
                   FROM (SELECT * FROM records WHERE flags <> 0 ORDER BY kind, id)";
        let shared: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(shared, "guest 1 24, guest 2 16, guest 3 16, guest 4 16");
    }

    #[test]
    fn a_state_of_the_fifth_version_finds_its_gone_records_by_an_index() {
        let connection = Connection::open_in_memory().unwrap();
        let fifth = [RECORDS, BLOCKS, MARKS, VANISHED, REASONS].concat();
        let header = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 5;");
        connection.execute_batch(&format!("{fifth}{header}")).unwrap();
        let records =
            "INSERT INTO records (kind, id, flags) VALUES ('guest', 1, 9), ('guest', 2, 8)";
        connection.execute(records, []).unwrap();
        migrate(&connection).unwrap();
        let sql = "SELECT count(*) FROM records INDEXED BY records_gone WHERE kind = 'guest' AND flags & 1 = 1";
        let gone: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(gone, 1);
    }

    #[test]
    fn a_state_of_the_first_version_keeps_its_records_and_knows_no_block() {
        let connection = Connection::open_in_memory().unwrap();
        let first =
            format!("{RECORDS} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;");
        connection.execute_batch(&first).unwrap();
        connection
            .execute("INSERT INTO records (kind, id, crm_id) VALUES ('guest', 42, 7)", [])
            .unwrap();
        migrate(&connection).unwrap();
        let count = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        let last = MIGRATIONS.len();
        assert_eq!(
            (count("records"), count("blocks"), version(&connection).unwrap()),
            (1, 0, last)
        );
    }
}
