//! The command line as clap reads it: types alone, no logic. `--help` is tested word for word; its
//! Russian texts are in [`help_ru`](super::help_ru).
#![expect(clippy::doc_markdown, reason = "help is plain text")]

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, PossibleValue, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::domain::failure_code::FailureCode;
use crate::domain::language::Language;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::Kind;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, also with nothing to do, with warnings, or while another run is under way
  1  done, but something that was tried failed, or a guard holds something back
  2  wrong usage, or a record that does not exist
  3  configuration, mirror or state unusable: nothing was sent
  4  the portal refuses us: an administrator must act
  5  the portal could not be reached or asked us to wait, or the run was interrupted:
     the rest goes with the next run";

const FIRST_STEPS: &str = "\
To begin:
  ecvi-b24 init             write the configuration
  ecvi-b24 check            correct what it names
  ecvi-b24 initial-export   once
  ecvi-b24 sync             from cron, every three minutes";

const RESET_USAGE: &str = "\
ecvi-b24 reset-id [OPTIONS] <KIND> <ID>... [--crm-id <N>]
       ecvi-b24 reset-id [OPTIONS] [KIND] --code <CODE> [--take-back]
       ecvi-b24 reset-id [OPTIONS] [KIND] --all";

/// An empty variable counts as unset, so an empty path must be none.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

const EVERYWHERE: &str = "Options of every command";

/// Carries guests, companies and bookings from Ecvi into Bitrix24, one way
#[derive(Parser, Debug)]
#[command(name = "ecvi-b24", version, after_help = format!("{FIRST_STEPS}\n\n{EXIT_CODES}"))]
pub struct Cli {
    /// Configuration [default: ecvi-b24.toml here, else /etc/ecvi-b24.toml]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    #[arg(env = "ECVI_B24_CONFIG", hide_env_values = true, value_parser = path())]
    pub config: Option<PathBuf>,
    /// Log more: -v what is waited for and put aside, -vv every record
    #[arg(short, long, global = true, help_heading = EVERYWHERE, action = ArgAction::Count)]
    pub verbose: u8,
    /// Log only errors
    #[arg(short, long, global = true, help_heading = EVERYWHERE, conflicts_with = "verbose")]
    pub quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What a person can ask the program for.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Send what changed: one run, for cron
    #[command(after_help = EXIT_CODES)]
    Sync(Sync),
    /// Send everything there is, once; may be interrupted and started again
    #[command(after_help = EXIT_CODES)]
    InitialExport(DryRun),
    /// Show what was done, what waits, what failed and why
    #[command(after_help = EXIT_CODES)]
    Status(Status),
    /// Forget a record's CRM id, so that the next run finds or creates its object anew
    ///
    /// An object that carries the record's ORIGIN_ID and still exists is taken over instead.
    /// With --crm-id the record is pointed at another object, for duplicates that were merged
    /// by hand. Asks first on a terminal; waits at most a minute for a run that is under way.
    #[command(verbatim_doc_comment, override_usage = RESET_USAGE, after_help = EXIT_CODES)]
    ResetId(ResetId),
    /// Write the configuration: asks, looks at the portal and the mirror, and proposes
    ///
    /// Every question has an option, so that a script can answer it; --yes takes what is proposed
    /// for all others. Run again, it offers what stands in the file, and shows what would change
    /// before it is written. The webhook is a password: it is read from the terminal without being
    /// shown, from a file, or from standard input, and never from the command line.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Init(Box<Init>),
    /// Verify configuration, mirror, state, webhook, and what the configuration names in the portal
    #[command(after_help = EXIT_CODES)]
    Check(Check),
    /// Try failed records now instead of after their pause
    #[command(after_help = EXIT_CODES)]
    Retry(Retry),
    /// Compare the CRM with the mirror and report what differs
    #[command(after_help = EXIT_CODES)]
    Audit(Audit),
    /// Fill the mirror from report files of Ecvi, where no other program fills it
    ///
    /// The reports are CSV or XLSX files that the configuration names. A row that is gone
    /// from a report is gone from the mirror. A report that is cut, empty, or has lost more than a
    /// third of its rows is refused, and the mirror stays as it is.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Load(Load),
    /// Show the configuration in effect
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    #[command(hide = true)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a page of the manual
    #[command(hide = true)]
    Man {
        /// The command that the page is about; the program without one
        command: Option<String>,
    },
}

/// What a run would do, shown and not done.
#[derive(Args, Debug, Default)]
pub struct DryRun {
    /// Print the plan and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the plan as JSON
    #[arg(long, requires = "dry_run")]
    pub json: bool,
    /// Show only one record, with its whole card: --only booking 3682
    #[arg(long, num_args = 2, value_names = ["KIND", "ID"], requires = "dry_run")]
    pub only: Vec<String>,
}

/// The options of `sync`.
#[derive(Args, Debug, Default)]
pub struct Sync {
    /// What the run would do.
    #[command(flatten)]
    pub shown: DryRun,
    /// Send every record again, after a change of the mapping
    #[arg(long)]
    pub full: bool,
    /// Try failed records too, whatever their pause
    #[arg(long)]
    pub retry_failed: bool,
    /// Up to N bookings, guests or companies may be gone at once, instead of the configured number
    #[arg(long, value_name = "N")]
    pub max_deletes: Option<u64>,
    /// Begin no request after this time, e.g. 150s or 5m
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub time_limit: Option<Duration>,
}

/// The options of `status`.
#[derive(Args, Debug, Default)]
pub struct Status {
    /// Only records of one kind
    pub kind: Option<Kind>,
    /// Everything known of one record: its id in Ecvi, or a booking's number
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    pub id: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Write a page for a browser into FILE, without names, phones and e-mails
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "id"])]
    pub html: Option<PathBuf>,
    /// For monitoring: one line; exit 1 when something failed or the last good run is too old
    #[arg(long, conflicts_with = "id")]
    pub check: bool,
    /// How old the last good run may be
    #[arg(long, value_name = "DURATION", requires = "check", default_value = "15m")]
    #[arg(value_parser = humantime::parse_duration)]
    pub max_age: Duration,
    /// The largest age of the mirror, for `--check`.
    #[arg(long, value_name = "DURATION", requires = "check")]
    #[arg(help = "How long ago the mirror may have been written last; \
                  without it [monitoring] max_mirror_age")]
    #[arg(value_parser = humantime::parse_duration)]
    pub max_mirror_age: Option<Duration>,
}

/// The options of `reset-id`.
#[derive(Args, Debug, Default)]
pub struct ResetId {
    /// The kind of the records
    #[arg(required_unless_present_any = ["all", "code"])]
    pub kind: Option<Kind>,
    /// Ids in Ecvi, or numbers of bookings
    #[arg(value_name = "ID", required_unless_present_any = ["all", "code"])]
    #[arg(conflicts_with_all = ["all", "code"])]
    pub ids: Vec<String>,
    /// Point the one record at this object of the CRM
    #[arg(long, value_name = "N", conflicts_with = "all")]
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub crm_id: Option<i64>,
    /// All records that failed for this reason, e.g. NOT_OURS
    #[arg(long, value_name = "CODE", hide_possible_values = true)]
    #[arg(conflicts_with_all = ["all", "crm_id"])]
    pub code: Option<FailureCode>,
    /// Their cards are ours all the same: keep each, and write our origin into it again
    #[arg(long, requires = "code")]
    pub take_back: bool,
    /// All records, of the kind where one is given
    #[arg(long)]
    pub all: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// The options of `init`.
#[derive(Args, Debug, Default)]
pub struct Init {
    /// Language of the questions, and of all that people read later
    #[arg(long, value_enum)]
    pub language: Option<Language>,
    /// The file that holds the webhook; the configuration then names this file
    #[arg(long, value_name = "FILE", value_parser = path(), conflicts_with = "webhook_stdin")]
    pub webhook_file: Option<PathBuf>,
    /// Read the webhook from standard input, and keep it in the configuration
    #[arg(long)]
    pub webhook_stdin: bool,
    /// Certificates (PEM) of a self-hosted portal
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub ca_file: Option<PathBuf>,
    /// The mirror: the SQLite file with the data of Ecvi
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub mirror: Option<PathBuf>,
    /// Write the configuration although the mirror is not there yet
    #[arg(long)]
    pub mirror_later: bool,
    /// A report of Ecvi that fills the mirror: --report guests=guests.csv
    #[arg(long, value_name = "TABLE=FILE", value_parser = key_and_value)]
    pub report: Vec<(String, String)>,
    /// What the amount of a row belongs to in a report by rooms: room or booking
    #[arg(long, value_name = "WHAT", value_parser = ["room", "booking"])]
    pub amount_of: Option<String>,
    /// The query that stands for a table of the mirror: --query guests="SELECT …"
    #[arg(long, value_name = "TABLE=SELECT", value_parser = key_and_value)]
    pub query: Vec<(String, String)>,
    /// What a status code of the hotel means, e.g. 7=confirmed; 7=later leaves it open
    #[arg(long, value_name = "CODE=STATUS", value_parser = key_and_value)]
    pub status: Vec<(String, String)>,
    /// The state, which the program makes itself [default: state.db beside the configuration, of
    /// one in /etc /var/lib/ecvi-b24/state.db]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub state: Option<PathBuf>,
    /// The funnel of the deals, by its number or name
    #[arg(long, value_name = "FUNNEL")]
    pub funnel: Option<String>,
    /// The stage of a status, by its code or name, e.g. confirmed=EXECUTING
    #[arg(long, value_name = "STATUS=STAGE", value_parser = key_and_value)]
    pub stage: Vec<(String, String)>,
    /// The currency of the deals
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// Who is responsible for new cards, by number; "webhook": the webhook's user. Of one kind:
    /// deal=12
    #[arg(long, value_name = "[KIND=]USER")]
    pub responsible: Vec<String>,
    /// A custom field and its column, e.g. deal.UF_CRM_TARIFF=tariff; "none": no custom fields
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub field: Vec<String>,
    /// How people who already stand in the CRM are recognised: phone, email, phone,email or none
    #[arg(long, value_name = "BY")]
    pub r#match: Option<String>,
    /// Take what is proposed wherever no option answers, and change a file that is there
    #[arg(long)]
    pub yes: bool,
}

/// Two words around an equals sign: `7=confirmed`.
fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
        None => Err("NAME=VALUE is wanted".to_owned()),
    }
}

/// The options of `check`.
#[derive(Args, Debug, Default)]
pub struct Check {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Also create a contact, a company and a deal for trial, and delete them
    #[arg(long)]
    pub probe: bool,
}

/// The options of `retry`.
#[derive(Args, Debug, Default)]
pub struct Retry {
    /// Only records of one kind
    pub kind: Option<Kind>,
    /// Ids in Ecvi, or numbers of bookings
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Only records that failed for this reason, e.g. PORTAL_REFUSED
    #[arg(long, value_name = "CODE", hide_possible_values = true)]
    pub code: Option<FailureCode>,
    /// Print which records would be tried, and send nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The options of `audit`.
#[derive(Args, Debug, Default)]
pub struct Audit {
    /// Send the records that differ again
    #[arg(long)]
    pub repair: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Do not ask before the repair
    #[arg(long, requires = "repair")]
    pub yes: bool,
}

/// The options of `load`.
#[derive(Args, Debug, Default)]
pub struct Load {
    /// Show what would change in the mirror, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The reports of these tables, or all, hold some of the rows alone: what they lack stays
    #[arg(long, value_name = "TABLE", num_args = 0..)]
    pub partial: Option<Vec<MirrorTable>>,
    /// The reports of these tables, or all, are right although they look cut, emptied or shrunken
    #[arg(long, value_name = "TABLE", num_args = 0..)]
    pub trust: Option<Vec<MirrorTable>>,
}

/// The commands below `config`.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Print the configuration in effect, secrets hidden
    Show,
}

/// Types of the domain as words of the command line: each value by its own name.
macro_rules! named_values {
    ($($type:ty: $all:expr, $name:ident;)*) => {
        $(impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [$type] {
                $all
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(self.$name()))
            }
        })*
    };
}
named_values! {
    Language: &[Language::Ru, Language::En], code;
    Kind: &Kind::DISPLAY_ORDER, name;
    MirrorTable: &MirrorTable::ALL, name;
    FailureCode: FailureCode::ALL, name;
}
