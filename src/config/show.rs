//! The configuration in effect, as TOML: what `config show` prints. Fit for a ticket, because secrets are hidden.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};

use super::{
    AmountOf, Config, DealConfig, ExportMethod, Heading, LoadConfig, MatchBy, MirrorConfig, OnMissing,
    PartyConfig, PortalConfig, ReportConfig, SyncConfig, scheme_and_host,
};
use crate::domain::language::Language;
use crate::domain::record::BookingStatus;

impl Display for Config {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Config {
            language,
            mirror,
            state,
            portal,
            sync,
            export,
            load,
            heartbeat,
            max_mirror_age,
            contact,
            company,
            deal,
            exposed: _,
            link: _,
        } = self;
        if let Some(language) = language {
            let word = match language {
                Language::Ru => "ru",
                Language::En => "en",
            };
            writeln!(f, "language = {}\n", text(word))?;
        }
        self::mirror(f, mirror)?;
        writeln!(f, "\n[state]\npath = {}", text(&state.to_string_lossy()))?;
        self::portal(f, portal)?;
        self::sync(f, sync)?;
        let method = match export.method {
            ExportMethod::Import => "import",
            ExportMethod::Add => "add",
        };
        writeln!(f, "\n[export]\nmethod = {}", text(method))?;
        write_optional(f, "bookings_from", export.bookings_from.map(|day| text(&day.to_string())))?;
        self::load(f, load)?;
        if heartbeat.is_some() || max_mirror_age.is_some() {
            writeln!(f, "\n[monitoring]")?;
        }
        write_optional(f, "heartbeat_url", heartbeat.as_deref().map(|url| text(&redacted_url(url))))?;
        let age = max_mirror_age.map(|age| text(&humantime::format_duration(age).to_string()));
        write_optional(f, "max_mirror_age", age)?;
        person(f, "contact", contact)?;
        person(f, "company", company)?;
        self::deal(f, deal)
    }
}

fn mirror(f: &mut Formatter<'_>, mirror: &MirrorConfig) -> Result {
    let MirrorConfig { path, sources, residents, columns: _, statuses, write_back, encoding } = mirror;
    writeln!(f, "[mirror]\npath = {}\nwrite_back = {write_back}", text(&path.to_string_lossy()))?;
    write_optional(f, "encoding", encoding.map(|encoding| text(&encoding.name().to_lowercase())))?;
    let names = ["guests", "companies", "bookings", "booking_guests"];
    let sources = names.iter().zip(sources.values().chain([residents]));
    let queries: Vec<_> = sources.filter(|(name, source)| *name != source).collect();
    if !queries.is_empty() {
        writeln!(f, "\n[mirror.queries]")?;
    }
    for (name, query) in queries {
        let query = query.strip_prefix('(').and_then(|query| query.strip_suffix("\n)")).unwrap_or(query);
        writeln!(f, "{name} = {}", text(query))?;
    }
    if !statuses.is_empty() {
        writeln!(f, "\n[mirror.statuses]")?;
    }
    statuses.iter().try_for_each(|(code, status)| writeln!(f, "{} = {}", text(code), text(status.word())))
}

fn portal(f: &mut Formatter<'_>, portal: &PortalConfig) -> Result {
    let PortalConfig {
        webhook,
        source: _,
        originator,
        requests_per_second,
        burst,
        batch_size,
        request_target,
        request_timeout,
        settle_time,
        ca_file,
        shared_bucket,
    } = portal;
    writeln!(f, "\n[portal]\nwebhook = {}", text(&format!("{webhook:?}")))?;
    writeln!(f, "originator_id = {}", text(originator))?;
    writeln!(f, "requests_per_second = {requests_per_second:?}")?;
    writeln!(f, "burst = {burst}\nbatch_size = {batch_size}")?;
    let times = [
        ("request_target", request_target),
        ("request_timeout", request_timeout),
        ("settle_time", settle_time),
    ];
    for (key, time) in times {
        writeln!(f, "{key} = \"{}\"", humantime::format_duration(*time))?;
    }
    write_optional(f, "ca_file", ca_file.as_ref().map(|path| text(&path.to_string_lossy())))?;
    write_optional(f, "shared_bucket", shared_bucket.as_ref().map(|path| text(&path.to_string_lossy())))
}

fn load(f: &mut Formatter<'_>, load: &LoadConfig) -> Result {
    let LoadConfig { reports, encoding, amount_of } = load;
    if reports.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n[load]")?;
    write_optional(f, "encoding", encoding.map(|encoding| text(&encoding.name().to_lowercase())))?;
    let amount_of = amount_of.map(|amount_of| match amount_of {
        AmountOf::Room => "room",
        AmountOf::Booking => "booking",
    });
    write_optional(f, "amount_of", amount_of.map(text))?;
    writeln!(f, "\n[load.files]")?;
    for ReportConfig { table, file, headings: _ } in reports {
        writeln!(f, "{} = {}", table.name(), text(&file.to_string_lossy()))?;
    }
    for ReportConfig { table, file: _, headings } in reports {
        writeln!(f, "\n[load.{}]", table.name())?;
        for Heading { text: heading, columns, is_required: _ } in headings {
            writeln!(f, "{} = {}", text(heading), text(&columns.join(" ")))?;
        }
    }
    Ok(())
}

fn sync(f: &mut Formatter<'_>, sync: &SyncConfig) -> Result {
    let SyncConfig { time_limit, max_deletes, delete_after, retry_after, on_missing } = sync;
    let on_missing = match on_missing {
        OnMissing::Relink => "relink",
        OnMissing::Fail => "fail",
    };
    writeln!(f, "\n[sync]\ntime_limit = \"{}\"", humantime::format_duration(*time_limit))?;
    writeln!(f, "max_deletes = {max_deletes}")?;
    writeln!(f, "delete_after = \"{}\"", humantime::format_duration(*delete_after))?;
    writeln!(f, "retry_after = \"{}\"", humantime::format_duration(*retry_after))?;
    writeln!(f, "on_missing = {}", text(on_missing))
}

fn person(f: &mut Formatter<'_>, section: &str, person: &PartyConfig) -> Result {
    let PartyConfig { honorific, assigned_by_id, source_id, phone_type, match_existing, comments, fields } =
        person;
    writeln!(f, "\n[{section}]")?;
    let [male, female] = honorific;
    if section == "contact" {
        writeln!(f, "honorific = {{ M = {}, F = {} }}", text(male), text(female))?;
    }
    write_optional(f, "assigned_by_id", *assigned_by_id)?;
    write_optional(f, "source_id", source_id.as_deref().map(text))?;
    writeln!(f, "phone_type = {}", text(phone_type))?;
    let ways: Vec<String> = match_existing
        .iter()
        .map(|way| match way {
            MatchBy::Phone => text("phone"),
            MatchBy::Email => text("email"),
        })
        .collect();
    writeln!(f, "match_existing = [{}]", ways.join(", "))?;
    writeln!(f, "comments = {}", text(comments.source()))?;
    custom_fields(f, section, fields)
}

fn deal(f: &mut Formatter<'_>, deal: &DealConfig) -> Result {
    let DealConfig { currency, assigned_by_id, source_id, title, comments, stages, fields } = deal;
    // Stages of other funnels carry their number; only in the general one, the lowest, they stand bare.
    let funnel = deal.funnels().first().copied().unwrap_or_default();
    writeln!(f, "\n[deal]\ncategory_id = {funnel}\ncurrency = {}", text(currency))?;
    writeln!(f, "title = {}\ncomments = {}", text(title.source()), text(comments.source()))?;
    write_optional(f, "assigned_by_id", *assigned_by_id)?;
    write_optional(f, "source_id", source_id.as_deref().map(text))?;
    writeln!(f, "\n[deal.stages]")?;
    for (status, (stage, _)) in BookingStatus::ALL.iter().zip(stages) {
        writeln!(f, "{} = {}", status.word(), text(stage))?;
    }
    writeln!(f, "\n[deal.probability]")?;
    for (status, (_, probability)) in BookingStatus::ALL.iter().zip(stages) {
        writeln!(f, "{} = {probability}", status.word())?;
    }
    custom_fields(f, "deal", fields)
}

fn custom_fields(f: &mut Formatter<'_>, section: &str, fields: &BTreeMap<String, String>) -> Result {
    if !fields.is_empty() {
        writeln!(f, "\n[{section}.fields]")?;
    }
    fields.iter().try_for_each(|(field, column)| writeln!(f, "{field} = {}", text(column)))
}

fn write_optional(f: &mut Formatter<'_>, key: &str, value: Option<impl Display>) -> Result {
    value.map_or(Ok(()), |value| writeln!(f, "{key} = {value}"))
}

/// A text of JSON is a text of TOML too.
fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Who knows the address of a heartbeat can feign one.
fn redacted_url(url: &str) -> String {
    scheme_and_host(url).map_or("***".into(), |(scheme, host)| format!("{scheme}://{host}/***"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::parse;

    const FULL: &str = r#"
        language = "ru"
        [mirror]
        path = "mirror.db"
        [mirror.queries]
        guests = "SELECT * FROM \"Гости\""
        [mirror.statuses]
        7 = "confirmed"
        [portal]
        webhook = "https://hotel.bitrix24.ru/rest/1/s3cr3t/"
        ca_file = "ca.pem"
        [monitoring]
        heartbeat_url = "https://user:pw@hc.example/s3cr3t"
        max_mirror_age = "1h 30m"
        [contact]
        match_existing = ["phone"]
        [contact.fields]
        UF_CRM_CARD = "card"
        [deal]
        assigned_by_id = 5
        [deal.stages]
        temporary = "C7:NEW"
    "#;

    #[test]
    fn what_is_shown_can_be_read_again_and_hides_the_secrets() {
        let shown = parse(FULL, Path::new("/srv"), None).unwrap().to_string();
        assert!(!shown.contains("s3cr3t") && !shown.contains("pw@"), "{shown}");
        assert!(shown.contains(r#"webhook = "https://hotel.bitrix24.ru/rest/***""#), "{shown}");
        let readable = shown.replace("/rest/***", "/rest/1/other/");
        let again = parse(&readable, Path::new(""), None).unwrap().to_string();
        assert_eq!(again, shown);
        assert!(shown.contains("category_id = 0") && shown.contains(r#"confirmed = "EXECUTING""#), "{shown}");
    }
}
