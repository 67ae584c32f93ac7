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

/// Refuses a configuration that names one file under two keys, whatever way the paths lead there.
pub(super) fn refuse_clash(file: &File) -> Result<(), ConfigMessage> {
    let state = &file.state.path;
    let lock = FilePath(sidecar_path(&state.0, lock::SUFFIX));
    let named = [
        ("[mirror] path", Some(&file.mirror.path)),
        ("[state] path + .lock", Some(&lock)),
        ("[state] path", Some(state)),
        ("[portal] shared_bucket", file.portal.shared_bucket.as_ref()),
        ("[portal] webhook_file", file.portal.webhook_file.as_ref()),
        ("[portal] ca_file", file.portal.ca_file.as_ref()),
        ("[monitoring] status_page", file.monitoring.status_page.as_ref()),
        ("[monitoring] metrics_file", file.monitoring.metrics_file.as_ref()),
    ];
    let mut keys: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for (key, path) in named {
        let Some(FilePath(path)) = path else { continue };
        let path = canonical_path(path);
        if let Some(other) = keys.get(&path) {
            return Err(ConfigMessage::SameFile {
                first: (*other).to_owned(),
                second: key.to_owned(),
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
            return Err(ConfigMessage::ReportIsOtherFile { key: (*key).to_owned(), path });
        }
    }
    Ok(())
}

/// Refuses to write into the configuration itself.
pub(super) fn refuse_own(config: &Config, own: &Path) -> Result<(), ConfigMessage> {
    let own = canonical_path(own);
    let written = [
        ("[state] path", Some(&config.state)),
        ("[portal] shared_bucket", config.portal.shared_bucket.as_ref()),
        ("[monitoring] status_page", config.monitoring.status_page.as_ref()),
        ("[monitoring] metrics_file", config.monitoring.metrics_file.as_ref()),
    ];
    for (key, path) in written {
        if path.is_some_and(|path| canonical_path(path) == own) {
            let path = own.display().to_string();
            return Err(ConfigMessage::ConfigurationItself { key: key.to_owned(), path });
        }
    }
    Ok(())
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
