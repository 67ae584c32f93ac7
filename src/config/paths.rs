//! Every file that the configuration names has one job. A mirror that is also the state would be
//! written over, and a counter of requests that is also the lock would be waited for for ever.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf, absolute};

use super::Config;
use super::file::File;
use super::shown::FilePath;
use crate::domain::messages::ConfigMessage;
use crate::platform::lock;
use crate::platform::sidecar_path::sidecar_path;

/// What `SQLite` keeps beside a database while it is written or read, and takes for its own.
const OF_SQLITE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A file, and the key that names it.
struct Named {
    key: String,
    path: PathBuf,
}

/// Refuses a configuration that names one file under two keys, whatever way the paths lead there.
pub(super) fn refuse_clash(file: &File) -> Result<(), ConfigMessage> {
    let mut keys: BTreeMap<PathBuf, String> = BTreeMap::new();
    for Named { key, path } in named_files(file) {
        let path = canonical_path(&path);
        if let Some(first) = keys.get(&path) {
            return Err(ConfigMessage::SameFile {
                first: first.clone(),
                second: key,
                path: path.display().to_string(),
            });
        }
        keys.insert(path, key);
    }
    // One report may fill two tables, but it is no other file of the program's.
    for FilePath(report) in file.load.files.values() {
        let report = canonical_path(report);
        if let Some(key) = keys.get(&report) {
            let path = report.display().to_string();
            return Err(ConfigMessage::ReportIsOtherFile { key: key.clone(), path });
        }
    }
    Ok(())
}

/// All files of the program but the reports.
fn named_files(file: &File) -> Vec<Named> {
    let mut named = database("[mirror] path", &file.mirror.path.0);
    named.extend(state(&file.state.path.0));
    let others = [
        ("[portal] shared_bucket", &file.portal.shared_bucket),
        ("[portal] webhook_file", &file.portal.webhook_file),
        ("[portal] ca_file", &file.portal.ca_file),
        ("[monitoring] status_page", &file.monitoring.status_page),
        ("[monitoring] metrics_file", &file.monitoring.metrics_file),
    ];
    for (key, path) in others {
        if let Some(FilePath(path)) = path {
            named.push(Named { key: key.to_owned(), path: path.clone() });
        }
    }
    named
}

fn state(path: &Path) -> Vec<Named> {
    const KEY: &str = "[state] path";
    let mut named = database(KEY, path);
    named.push(beside(KEY, path, lock::SUFFIX));
    named
}

/// A database, and what `SQLite` keeps beside it.
fn database(key: &str, path: &Path) -> Vec<Named> {
    let mut named = vec![Named { key: key.to_owned(), path: path.to_owned() }];
    named.extend(OF_SQLITE.map(|suffix| beside(key, path, suffix)));
    named
}

fn beside(key: &str, path: &Path, suffix: &str) -> Named {
    Named { key: format!("{key} + {suffix}"), path: sidecar_path(path, suffix) }
}

/// Refuses to write into the configuration itself.
pub(super) fn refuse_own(config: &Config, own: &Path) -> Result<(), ConfigMessage> {
    let own = canonical_path(own);
    let mut written = state(&config.state);
    written.extend(database("[mirror] path", &config.mirror.path));
    let others = [
        ("[portal] shared_bucket", &config.portal.shared_bucket),
        ("[monitoring] status_page", &config.monitoring.status_page),
        ("[monitoring] metrics_file", &config.monitoring.metrics_file),
    ];
    for (key, path) in others {
        if let Some(path) = path {
            written.push(Named { key: key.to_owned(), path: path.clone() });
        }
    }
    match written.into_iter().find(|named| canonical_path(&named.path) == own) {
        Some(Named { key, .. }) => {
            let path = own.display().to_string();
            Err(ConfigMessage::ConfigurationItself { key, path })
        }
        None => Ok(()),
    }
}

/// The file behind links and dots. A file that is still to be made is known by its folder.
fn canonical_path(path: &Path) -> PathBuf {
    let path = absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(existing) = path.canonicalize() {
        return existing;
    }
    match (path.parent().map(Path::canonicalize), path.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => path,
    }
}
