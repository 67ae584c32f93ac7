//! What starts a run every three minutes: told to a person once the initial export is completed.

use std::path::Path;

use crate::config::{Config, SYSTEM_CONFIG};
use crate::domain::messages::OutputMessage;
use crate::domain::shell;

/// The timer of the package, where systemd finds it.
const TIMERS: [&str; 2] =
    ["/lib/systemd/system/ecvi-b24.timer", "/usr/lib/systemd/system/ecvi-b24.timer"];

/// The timer of the package, or a line for a crontab. The timer loads no reports.
pub(super) fn hint(config: &Config) -> OutputMessage {
    let has_timer = TIMERS.iter().any(|timer| Path::new(timer).exists());
    let is_packages = config.file == Path::new(SYSTEM_CONFIG);
    let has_systemd = Path::new("/run/systemd/system").exists();
    if has_timer && has_systemd && is_packages && config.load.reports.is_empty() {
        return OutputMessage::StartTimer;
    }
    let program = std::env::current_exe().unwrap_or_else(|_| "ecvi-b24".into());
    OutputMessage::CrontabLine { line: crontab_line(config, &program) }
}

fn crontab_line(config: &Config, program: &Path) -> String {
    let mut program = crontab_argument(program);
    if config.file != Path::new(SYSTEM_CONFIG) {
        let file = std::path::absolute(&config.file).unwrap_or_else(|_| config.file.clone());
        program = format!("{program} --config {}", crontab_argument(&file));
    }
    // A report that is refused does not keep the run from its work.
    let load =
        if config.load.reports.is_empty() { String::new() } else { format!("{program} load; ") };
    format!("*/3 * * * * {load}{program} sync")
}

/// A path as a crontab has it, where `%` would end the command.
fn crontab_argument(path: &Path) -> String {
    shell::argument(&path.display().to_string()).replace('%', "\\%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(load: &str, file: &str) -> Config {
        let text = format!(
            "[mirror]\npath = 'mirror.db'\n[portal]\nwebhook = 'https://hotel.bitrix24.ru/rest/1/x/'\n{load}"
        );
        let parsed = crate::config::parse(&text, Path::new("/srv"), None).unwrap();
        Config { file: file.into(), ..parsed }
    }

    #[test]
    fn reports_are_loaded_before_each_run_and_another_configuration_is_named() {
        let program = Path::new("/usr/bin/ecvi-b24");
        let reports = "[load.files]\nguests = 'guests.csv'\n";
        for (load, file, line) in [
            ("", SYSTEM_CONFIG, "*/3 * * * * /usr/bin/ecvi-b24 sync"),
            (reports, SYSTEM_CONFIG, "*/3 * * * * /usr/bin/ecvi-b24 load; /usr/bin/ecvi-b24 sync"),
            ("", "/srv/hotel.toml", "*/3 * * * * /usr/bin/ecvi-b24 --config /srv/hotel.toml sync"),
            (
                "",
                "/мой отель 100%/c.toml",
                "*/3 * * * * /usr/bin/ecvi-b24 --config '/мой отель 100\\%/c.toml' sync",
            ),
        ] {
            assert_eq!(crontab_line(&config(load, file), program), line);
        }
    }
}
