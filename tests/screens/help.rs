//! `--help` of the program and of each command, word for word.

use std::process::Command;

use insta::assert_snapshot;

use crate::env::TestEnv;

/// How the help of most commands ends.
const EXIT_CODES: &str = "
Exit codes:
  0  done, also with nothing to do, with warnings, or while another run is under way
  1  done, but something that was tried failed, or a guard holds something back
  2  wrong usage, or a record that does not exist
  3  configuration, mirror or state unusable: nothing was sent
  4  the portal refuses us: an administrator must act
  5  the portal could not be reached or asked us to wait, or the run was interrupted:
     the rest goes with the next run
";

fn help(command: &str) -> String {
    TestEnv::new().said(0, "en_US.UTF-8", &format!("{command} --help"))
}

/// The help of a command, which ends with the exit codes, without them.
fn help_and_exit_codes(command: &str) -> String {
    let help = help(command);
    help.strip_suffix(EXIT_CODES).unwrap_or_else(|| panic!("{help}")).to_owned()
}

#[test]
fn the_program() {
    assert_snapshot!(help_and_exit_codes(""), @r"
    Carries guests, companies and bookings from Ecvi into Bitrix24, one way

    Usage: ecvi-b24 [OPTIONS] <COMMAND>

    Commands:
      sync            Send what changed: one run, for cron
      initial-export  Send everything there is, once; may be interrupted and started again
      status          Show what was done, what waits, what failed and why
      reset-id        Forget a record's CRM id, so that the next run finds or creates its object anew
      init            Write the configuration: asks, looks at the portal and the mirror, and proposes
      check           Verify configuration, mirror, state, webhook, and what the configuration names in the portal
      retry           Try failed records now instead of after their pause
      audit           Compare the CRM with the mirror and report what differs
      load            Fill the mirror from report files of Ecvi, where no other program fills it
      config          Show the configuration in effect
      help            Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors

    To begin:
      ecvi-b24 init             write the configuration
      ecvi-b24 check            correct what it names
      ecvi-b24 initial-export   once
      ecvi-b24 sync             from cron, every three minutes
    ");
}

#[test]
fn sync() {
    assert_snapshot!(help_and_exit_codes("sync"), @r"
    Send what changed: one run, for cron

    Usage: ecvi-b24 sync [OPTIONS]

    Options:
          --dry-run                Print the plan and send nothing
          --json                   Print the plan as JSON
          --only <KIND> <ID>       Show only one record, with its whole card: --only booking 3682
          --full                   Send every record again, after a change of the mapping
          --retry-failed           Try failed records too, whatever their pause
          --max-deletes <N>        Up to N bookings, guests or companies may be gone at once, instead of the configured number
          --time-limit <DURATION>  Begin no request after this time, e.g. 150s or 5m
      -h, --help                   Print help

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors
    ");
}

#[test]
fn initial_export() {
    assert_snapshot!(help_and_exit_codes("initial-export"), @r"
    Send everything there is, once; may be interrupted and started again

    Usage: ecvi-b24 initial-export [OPTIONS]

    Options:
          --dry-run           Print the plan and send nothing
          --json              Print the plan as JSON
          --only <KIND> <ID>  Show only one record, with its whole card: --only booking 3682
      -h, --help              Print help

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors
    ");
}

#[test]
fn status() {
    assert_snapshot!(help_and_exit_codes("status"), @r"
    Show what was done, what waits, what failed and why

    Usage: ecvi-b24 status [OPTIONS] [KIND] [ID]

    Arguments:
      [KIND]  Only records of one kind [possible values: guest, company, booking]
      [ID]    Everything known of one record: its id in Ecvi, or a booking's number

    Options:
          --json                       Print JSON
          --html <FILE>                Write a page for a browser into FILE, without names, phones and e-mails
          --check                      For monitoring: one line; exit 1 when something failed or the last good run is too old
          --max-age <DURATION>         How old the last good run may be [default: 15m]
          --max-mirror-age <DURATION>  How long ago the mirror may have been written last; without it [monitoring] max_mirror_age
      -h, --help                       Print help

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors
    ");
}

#[test]
fn reset_id() {
    assert_snapshot!(help_and_exit_codes("reset-id"), @r"
    Forget a record's CRM id, so that the next run finds or creates its object anew

    An object that carries the record's ORIGIN_ID and still exists is taken over instead.
    With --crm-id the record is pointed at another object, for duplicates that were merged
    by hand. Asks first on a terminal; waits at most a minute for a run that is under way.

    Usage: ecvi-b24 reset-id [OPTIONS] <KIND> <ID>... [--crm-id <N>]
           ecvi-b24 reset-id [OPTIONS] [KIND] --code <CODE> [--take-back]
           ecvi-b24 reset-id [OPTIONS] [KIND] --all

    Arguments:
      [KIND]
              The kind of the records
              
              [possible values: guest, company, booking]

      [ID]...
              Ids in Ecvi, or numbers of bookings

    Options:
          --crm-id <N>
              Point the one record at this object of the CRM

          --code <CODE>
              All records that failed for this reason, e.g. NOT_OURS

          --take-back
              Their cards are ours all the same: keep each, and write our origin into it again

          --all
              All records, of the kind where one is given

          --yes
              Do not ask

      -h, --help
              Print help (see a summary with '-h')

    Options of every command:
          --config <FILE>
              Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml]
              
              [env: ECVI_B24_CONFIG]

      -v, --verbose...
              Log more: -v what is waited for and put aside, -vv every record

      -q, --quiet
              Log only errors
    ");
}

#[test]
fn check() {
    assert_snapshot!(help_and_exit_codes("check"), @r"
    Verify configuration, mirror, state, webhook, and what the configuration names in the portal

    Usage: ecvi-b24 check [OPTIONS]

    Options:
          --json   Print JSON
          --probe  Also create a contact, a company and a deal for trial, and delete them
      -h, --help   Print help

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors
    ");
}

#[test]
fn retry() {
    assert_snapshot!(help_and_exit_codes("retry"), @r"
    Try failed records now instead of after their pause

    Usage: ecvi-b24 retry [OPTIONS] [KIND] [ID]...

    Arguments:
      [KIND]   Only records of one kind [possible values: guest, company, booking]
      [ID]...  Ids in Ecvi, or numbers of bookings

    Options:
          --code <CODE>  Only records that failed for this reason, e.g. PORTAL_REFUSED
          --dry-run      Print which records would be tried, and send nothing
      -h, --help         Print help

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors
    ");
}

#[test]
fn load() {
    assert_snapshot!(help_and_exit_codes("load"), @r"
    Fill the mirror from report files of Ecvi, where no other program fills it

    The reports are CSV or XLSX files that the configuration names. A row that is gone
    from a report is gone from the mirror. A report that is cut, empty, or has lost more than a
    third of its rows is refused, and the mirror stays as it is.

    Usage: ecvi-b24 load [OPTIONS]

    Options:
          --dry-run
              Show what would change in the mirror, and write nothing

          --partial [<TABLE>...]
              The reports of these tables, or all, hold some of the rows alone: what they lack stays
              
              [possible values: guests, companies, bookings, booking_guests]

          --trust [<TABLE>...]
              The reports of these tables, or all, are right although they look cut, emptied or shrunken
              
              [possible values: guests, companies, bookings, booking_guests]

      -h, --help
              Print help (see a summary with '-h')

    Options of every command:
          --config <FILE>
              Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml]
              
              [env: ECVI_B24_CONFIG]

      -v, --verbose...
              Log more: -v what is waited for and put aside, -vv every record

      -q, --quiet
              Log only errors
    ");
}

#[test]
fn audit() {
    assert_snapshot!(help_and_exit_codes("audit"), @r"
    Compare the CRM with the mirror and report what differs

    Usage: ecvi-b24 audit [OPTIONS]

    Options:
          --repair  Send the records that differ again
          --json    Print JSON
          --yes     Do not ask before the repair
      -h, --help    Print help

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors
    ");
}

#[test]
fn config_show() {
    assert_snapshot!(help("config show"), @r"
    Print the configuration in effect, secrets hidden

    Usage: ecvi-b24 config show [OPTIONS]

    Options:
      -h, --help  Print help

    Options of every command:
          --config <FILE>  Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml] [env: ECVI_B24_CONFIG]
      -v, --verbose...     Log more: -v what is waited for and put aside, -vv every record
      -q, --quiet          Log only errors
    ");
}

/// What a real bash offers for the last of these words.
fn completed(words: &[&str]) -> String {
    let script = TestEnv::new().said(0, "C", "completions bash");
    let typed = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let last = words.len() - 1;
    let (word, before) = (words[last], words[last - 1]);
    let question = format!(
        "{script}\nCOMP_WORDS=({typed}); COMP_CWORD={last}\n_ecvi__b24 ecvi-b24 '{word}' '{before}'\necho \"${{COMPREPLY[@]}}\""
    );
    let output = Command::new("bash").args(["--norc", "-c", &question]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn bash_completes_commands_kinds_codes_and_options() {
    assert_eq!(completed(&["ecvi-b24", "initi"]), "initial-export");
    assert_eq!(completed(&["ecvi-b24", "reset-id", "b"]), "booking");
    assert_eq!(completed(&["ecvi-b24", "status", "g"]), "guest");
    assert_eq!(completed(&["ecvi-b24", "retry", "--code", "BAD_D"]), "BAD_DATE");
    assert_eq!(completed(&["ecvi-b24", "sync", "--max-d"]), "--max-deletes");
    assert_eq!(completed(&["ecvi-b24", "config", "s"]), "show");
}

#[test]
fn pages_of_the_manual_are_made() {
    assert!(TestEnv::new().said(0, "C", "man").contains(".TH ecvi-b24 1"));
    assert!(TestEnv::new().said(0, "C", "man reset-id").contains(".TH ecvi-b24-reset-id 1"));
    TestEnv::new().complains(2, "C", "man completions");
}

#[test]
fn a_page_of_the_manual_has_the_usage_of_the_help() {
    let page = TestEnv::new().said(0, "C", "man status");
    assert!(page.contains(".SH SYNOPSIS\necvi\\-b24 status [OPTIONS] [KIND] [ID]\n"), "{page}");
}

#[test]
fn an_unknown_code_or_kind_is_exit_2() {
    assert!(TestEnv::new().complains(2, "C", "retry --code NOPE").contains("PORTAL_REFUSED"));
    assert!(TestEnv::new().complains(2, "C", "status gast").contains("'guest'"));
}

#[test]
fn a_russian_environment_gets_its_help_in_russian() {
    let hotel = TestEnv::new();
    let program = hotel.said(0, "ru_RU.UTF-8", "--help");
    for words in ["Использование: ecvi-b24 [КЛЮЧИ] <КОМАНДА>", "Команды:\n", "Коды завершения:"]
    {
        assert!(program.contains(words), "{program}");
    }
    let command = hotel.said(0, "ru_RU.UTF-8", "load --help");
    assert!(command.contains("Ключи:\n"), "{command}");
    assert!(command.contains("Отчёты — файлы CSV или XLSX"), "{command}");
    for english in ["Options", "Print", "Usage", "Exit codes"] {
        assert!(!program.contains(english) && !command.contains(english), "{program}{command}");
    }
    assert!(hotel.said(0, "ru_RU.UTF-8", "man load").contains("Наполнить зеркало"));
}

#[test]
fn a_russian_environment_is_told_in_russian_what_is_wrong_with_the_command() {
    let hotel = TestEnv::new();
    for (command, words) in [
        ("syn", "нет команды «syn»"),
        (
            "sync --max-deletes много",
            "значение «много» для --max-deletes <N> не подходит: нужно целое число",
        ),
        ("sync --json", "в команде не хватает:"),
        ("sync x", "лишний аргумент «x»"),
        ("status guests", "похожее значение: guest"),
        ("status --max-age", "для --max-age <DURATION> нужно значение"),
        ("sync --time-limit soon", "нужна длительность"),
        ("reset-id guest 1 --all", "вместе не задаются"),
    ] {
        let said = hotel.complains(2, "ru_RU.UTF-8", command);
        assert!(said.contains(words), "{command}: {said}");
        assert!(!said.contains("error:") && !said.contains("For more"), "{said}");
        assert!(said.contains("Подробнее: --help"), "{said}");
    }
}
