//! The questions of `init`: how a person reads each, and which option answers it in a script.

use crate::domain::display::status_name;
use crate::domain::language::Language;
use crate::domain::mirror_table::MirrorTable;
use crate::domain::record::{BookingStatus, Kind};
use crate::domain::visible_text;
use crate::msg;

/// A question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Question {
    Language,
    Webhook { kept: Option<String> },
    Mirror,
    MirrorLater,
    Report(MirrorTable),
    AmountOf,
    Table(MirrorTable),
    Column(&'static str),
    Columns(MirrorTable),
    Query(MirrorTable),
    Status { code: String, count: u64 },
    Funnel,
    Stages,
    Stage(BookingStatus),
    Currency,
    Responsible,
    ResponsibleOf(Kind),
    UserNumber,
    Fields,
    Match,
    Write,
}

impl Question {
    /// As a person reads it.
    pub(super) fn text(&self, language: Language) -> String {
        match self {
            Question::Language => "Язык / Language".to_owned(),
            Question::Webhook { kept: None } => {
                msg!(language, "Адрес входящего вебхука", "Address of the incoming webhook")
            }
            Question::Webhook { kept: Some(host) } => msg!(
                language,
                "Адрес входящего вебхука (Enter — оставить вебхук портала {host})",
                "Address of the incoming webhook (Enter: keep that of {host})"
            ),
            Question::Mirror => msg!(
                language,
                "Файл зеркала (SQLite с данными Ecvi)",
                "The mirror's file (SQLite with the data of Ecvi)"
            ),
            Question::MirrorLater => msg!(language, "Как поступить?", "What to do?"),
            Question::Report(table) => {
                let (about, records) = (about(*table), table.plural_name().text(language));
                msg!(
                    language,
                    "Файл отчёта о {about} (Enter — такого нет)",
                    "The report of {records} (Enter: there is none)"
                )
            }
            Question::AmountOf => msg!(
                language,
                "У заявки в отчёте несколько строк с суммой. Сумма строки относится",
                "A booking has several rows with an amount. The amount of a row is that of"
            ),
            Question::Table(table) => {
                let records = table.plural_name().text(language);
                msg!(
                    language,
                    "В какой таблице зеркала {records}?",
                    "Which table of the mirror holds {records}?"
                )
            }
            Question::Column(column) => {
                msg!(language, "В каком столбце {column}?", "Which column is {column}?")
            }
            Question::Columns(_) => {
                msg!(language, "Столбцы названы верно?", "Are these the columns?")
            }
            Question::Query(table) => {
                let table = table.name();
                msg!(
                    language,
                    "Запрос вместо таблицы {table}",
                    "The query instead of the table {table}"
                )
            }
            Question::Status { code, count } => {
                let code = visible_text::line(code);
                msg!(
                    language,
                    "Код статуса «{code}» (заявок: {count}) означает",
                    "The status code \"{code}\" (bookings: {count}) means"
                )
            }
            Question::Funnel => msg!(language, "Воронка сделок", "The funnel of the deals"),
            Question::Stages => msg!(language, "Стадии назначены верно?", "Are these the stages?"),
            Question::Stage(status) => {
                let status = status_name(*status).text(language);
                msg!(
                    language,
                    "Стадия для статуса «{status}»",
                    "The stage of the status \"{status}\""
                )
            }
            Question::Currency => msg!(language, "Валюта сделок", "The currency of the deals"),
            Question::Responsible => {
                msg!(
                    language,
                    "Ответственный за новые карточки",
                    "Who is responsible for new cards"
                )
            }
            Question::ResponsibleOf(kind) => {
                let records = kind.table().plural_name().text(language);
                msg!(
                    language,
                    "Ответственный, карточки: {records}",
                    "Who is responsible, cards: {records}"
                )
            }
            Question::UserNumber => msg!(
                language,
                "Номер пользователя (стоит в адресе его страницы: …/user/12/)",
                "The number of the user (it stands in the address of the user's page: …/user/12/)"
            ),
            Question::Fields => {
                msg!(language, "Какие поля CRM заполнять?", "Which fields of the CRM to fill?")
            }
            Question::Match => msg!(
                language,
                "Как узнавать гостей и компании, которые уже есть в CRM?",
                "How to recognise guests and companies that already stand in the CRM?"
            ),
            Question::Write => msg!(language, "Записать?", "Write it?"),
        }
    }

    /// What helps to answer; empty where the question is enough.
    pub(super) fn help(&self, language: Language) -> String {
        match self {
            Question::Webhook { .. } => msg!(
                language,
                "Битрикс24, администратор: Приложения → Разработчикам → Готовые сценарии → Другое → Входящий вебхук; право CRM (crm). Адрес при вводе не виден",
                "Bitrix24, an administrator: Applications → Developer resources → Ready-made scenarios → Other → Incoming webhook; the right CRM (crm). The address is not shown"
            ),
            Question::Query(_) => msg!(
                language,
                "Enter — взять этот запрос, или исправьте его",
                "Enter: take this query, or correct it"
            ),
            Question::Mirror => msg!(
                language,
                "Путь к файлу; Enter — взять предложенный",
                "A path; Enter: take the one proposed"
            ),
            Question::Report(_) => msg!(
                language,
                "CSV или XLSX из Ecvi; «*» в имени — самый новый из таких файлов",
                "CSV or XLSX from Ecvi; a * in the name: the newest of such files"
            ),
            Question::Fields => msg!(
                language,
                "Пробел — отметить или снять, Enter — готово",
                "Space: tick or untick, Enter: done"
            ),
            _ => msg!(
                language,
                "↑↓ — выбрать, Enter — готово, буквы — поиск",
                "↑↓: choose, Enter: done, letters: search"
            ),
        }
    }

    /// The option that answers it.
    pub(super) fn flag(&self) -> String {
        match self {
            Question::Language => "--language ru".to_owned(),
            Question::Webhook { .. } => "--webhook-file FILE, --webhook-stdin".to_owned(),
            Question::Mirror => "--mirror FILE".to_owned(),
            Question::MirrorLater => "--mirror-later".to_owned(),
            Question::AmountOf => "--amount-of room, --amount-of booking".to_owned(),
            Question::Report(table) => format!("--report {}=FILE", table.name()),
            Question::Table(table) | Question::Columns(table) | Question::Query(table) => {
                format!("--query {}=\"SELECT …\"", table.name())
            }
            Question::Column(_) => "--query TABLE=\"SELECT …\"".to_owned(),
            Question::Status { code, count: _ } => format!("--status \"{code}=confirmed\""),
            Question::Funnel => "--funnel 0".to_owned(),
            Question::Stages => "--stage STATUS=STAGE".to_owned(),
            Question::Stage(status) => format!("--stage {}=STAGE", status.word()),
            Question::Currency => "--currency RUB".to_owned(),
            Question::Responsible | Question::UserNumber => "--responsible USER".to_owned(),
            Question::ResponsibleOf(kind) => format!("--responsible {}=USER", kind.crm_entity()),
            Question::Fields => "--field FIELD=COLUMN".to_owned(),
            Question::Match => "--match phone,email".to_owned(),
            Question::Write => "--yes".to_owned(),
        }
    }
}

/// What a report tells of, in the Russian case.
fn about(table: MirrorTable) -> &'static str {
    match table {
        MirrorTable::Guests => "гостях",
        MirrorTable::Companies => "компаниях",
        MirrorTable::Bookings => "заявках",
        MirrorTable::BookingGuests => "проживающих",
    }
}
