//! `--help` and the manual in Russian. The command line itself, with its texts in English, is in
//! [`cli`](super::cli); a test finds what has no Russian text here.

use clap::{Arg, Command};

/// What each command does, and what else there is to say of it.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("ecvi-b24", "Передаёт гостей, компании и заявки из Ecvi в Битрикс24, в одну сторону", ""),
    ("sync", "Передать то, что изменилось: один запуск, для cron", ""),
    ("initial-export", "Передать всё, что есть, один раз; можно прервать и запустить снова", ""),
    ("status", "Что сделано, что ждёт отправки, что не передано и почему", ""),
    (
        "reset-id",
        "Отвязать запись от карточки CRM: следующий запуск найдёт её карточку или создаст новую",
        "Если карточка с ORIGIN_ID этой записи есть в CRM, запись будет привязана к ней.\n\
         С ключом --crm-id запись привязывается к другой карточке: так поступают с дубликатами,\n\
         которые объединили вручную. На терминале команда сначала спрашивает; если идёт запуск,\n\
         она ждёт его не больше минуты.",
    ),
    (
        "init",
        "Составить конфигурацию: спрашивает, смотрит на портал и в зеркало, предлагает ответы",
        "На каждый вопрос можно ответить и ключом, для сценариев; --yes берёт предложенное для\n\
         остальных. Запущенная снова, команда предлагает то, что стоит в файле, и показывает, что\n\
         изменится, прежде чем записать. Вебхук — это пароль: он вводится на терминале и при этом\n\
         не показывается, берётся из файла или со стандартного ввода, но не из командной строки.",
    ),
    (
        "check",
        "Проверить конфигурацию, зеркало, состояние, вебхук и то, что названо в конфигурации",
        "",
    ),
    ("retry", "Передать неудачные записи сейчас, не дожидаясь следующей попытки", ""),
    ("audit", "Сверить CRM с зеркалом и показать расхождения", ""),
    (
        "load",
        "Наполнить зеркало из отчётов Ecvi, если его не наполняет другая программа",
        "Отчёты — файлы CSV или XLSX, названные в конфигурации. Строки, которой нет в отчёте,\n\
         не будет и в зеркале. Отчёт, который обрывается, пуст или потерял больше трети строк,\n\
         отклоняется, и зеркало остаётся прежним.",
    ),
    ("config", "Показать действующую конфигурацию", ""),
    ("show", "Напечатать действующую конфигурацию; пароли скрыты", ""),
    ("help", "Показать эту справку или справку по команде", ""),
];

/// What each option and value means; for one command only where its name comes first.
const ARGUMENTS: &[(&str, &str)] = &[
    ("config", "Конфигурация [по умолчанию ecvi-b24.toml здесь, иначе /etc/ecvi-b24.toml]"),
    ("verbose", "Сообщать больше: -v чего ждёт и что отложено, -vv о каждой записи"),
    ("quiet", "Сообщать только об ошибках"),
    ("help", "Показать справку"),
    ("version", "Показать версию"),
    ("dry_run", "Показать план и ничего не передавать"),
    ("retry dry_run", "Показать, какие записи будут переданы, и ничего не передавать"),
    ("load dry_run", "Показать, что изменится в зеркале, и ничего не записывать"),
    ("full", "Передать все записи ещё раз, после изменения соответствия полей"),
    ("retry_failed", "Передать и неудачные записи, не дожидаясь их следующей попытки"),
    ("max_deletes", "Столько заявок, гостей или компаний может исчезнуть сразу, вместо заданного"),
    ("time_limit", "После этого времени не начинать запросов, например 150s или 5m"),
    ("json", "Напечатать JSON"),
    ("sync json", "Напечатать план как JSON"),
    ("initial-export json", "Напечатать план как JSON"),
    ("only", "Показать одну запись и всю её карточку: --only booking 3682"),
    ("kind", "Только записи этого вида"),
    ("reset-id kind", "Вид записей"),
    ("id", "Всё об одной записи: её id в Ecvi или номер заявки"),
    ("html", "Записать в файл страницу для браузера, без имён, телефонов и e-mail"),
    ("check", "Для мониторинга: одна строка; код 1, если есть ошибки или запуск слишком давно"),
    ("max_age", "Сколько времени может пройти с последнего удачного запуска"),
    (
        "max_mirror_age",
        "Сколько времени зеркало может не обновляться; без ключа [monitoring] max_mirror_age",
    ),
    ("ids", "id в Ecvi или номера заявок"),
    ("crm_id", "Привязать запись к этой карточке CRM"),
    ("reset-id code", "Все записи с этой ошибкой, например NOT_OURS"),
    ("code", "Только записи с этой ошибкой, например PORTAL_REFUSED"),
    ("take_back", "Их карточки всё же наши: оставить за ними и пометить снова"),
    ("all", "Все записи, или все записи названного вида"),
    ("reset-id yes", "Не спрашивать"),
    ("audit yes", "Не спрашивать перед исправлением"),
    ("init yes", "Брать предложенное, где нет ключа, и изменить файл, который уже есть"),
    ("language", "Язык вопросов и всего, что потом читают люди"),
    ("webhook_file", "Файл с адресом вебхука; конфигурация будет ссылаться на него"),
    ("webhook_stdin", "Прочесть вебхук со стандартного ввода и записать в конфигурацию"),
    ("ca_file", "Сертификаты (PEM) портала на своём сервере"),
    ("mirror", "Зеркало: файл SQLite с данными Ecvi"),
    ("mirror_later", "Записать конфигурацию, хотя зеркала ещё нет"),
    ("report", "Отчёт Ecvi, который наполняет зеркало: --report guests=guests.csv"),
    ("amount_of", "К чему относится сумма строки в отчёте по комнатам: room или booking"),
    ("query", "Запрос вместо таблицы зеркала: --query guests=\"SELECT …\""),
    ("status", "Что означает код статуса, например 7=confirmed; 7=later: решить позже"),
    (
        "state",
        "Файл состояния; программа создаёт его сама [по умолчанию state.db рядом с конфигурацией, \
         для файла в /etc — /var/lib/ecvi-b24/state.db]",
    ),
    ("funnel", "Воронка сделок, номер или название"),
    ("stage", "Стадия для статуса, код или название, например confirmed=EXECUTING"),
    ("currency", "Валюта сделок"),
    (
        "responsible",
        "Ответственный за новые карточки, номер; webhook: пользователь вебхука. Для одного вида: \
         deal=12",
    ),
    ("field", "Поле CRM и столбец, например deal.UF_CRM_TARIFF=tariff; none: без своих полей"),
    ("match", "Как узнавать тех, кто уже есть в CRM: phone, email, phone,email или none"),
    ("probe", "Ещё и создать пробные контакт, компанию и сделку, а затем удалить их"),
    ("repair", "Передать ещё раз записи, которые отличаются"),
    ("partial", "Отчёты этих таблиц, или все, содержат только часть строк: остальные остаются"),
    ("trust", "Отчёты этих таблиц, или все, верны, хотя выглядят оборванными или пустыми"),
];

const EXIT_CODES: &str = "\
Коды завершения:
  0  сделано; в том числе если делать нечего, есть предупреждения или идёт другой запуск
  1  сделано, но что-то не удалось передать или сработало ограничение
  2  неверная команда или неизвестная запись
  3  непригодны конфигурация, зеркало или состояние: ничего не передано
  4  портал отказывает: нужен администратор
  5  портал недоступен или просит подождать, либо запуск прерван:
     остальное уйдёт со следующим запуском";

const FIRST_STEPS: &str = "\
Начало:
  ecvi-b24 init             составить конфигурацию
  ecvi-b24 check            исправить то, что он назовёт
  ecvi-b24 initial-export   один раз
  ecvi-b24 sync             из cron, каждые три минуты";

const EVERYWHERE: &str = "Ключи всех команд";

/// Words of clap itself that cannot be set.
const FRAME: &[(&str, &str)] = &[
    ("Print help (see a summary with '-h')", "Показать справку (кратко: -h)"),
    ("Print help (see more with '--help')", "Показать справку (подробно: --help)"),
    ("Usage:", "Использование:"),
    ("Arguments:", "Значения:"),
    ("Options:", "Ключи:"),
    ("[OPTIONS]", "[КЛЮЧИ]"),
    ("<COMMAND>", "<КОМАНДА>"),
    ("[COMMAND]", "[КОМАНДА]"),
    ("[possible values:", "[возможно:"),
    ("[default:", "[по умолчанию:"),
    ("[env:", "[переменная:"),
];

/// The command line with its texts in Russian.
pub(super) fn translated(mut program: Command) -> Command {
    program.build();
    translated_command(program)
}

fn translated_command(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let mut command = command
        .mut_args(|arg| translated_argument(arg, &name))
        .subcommand_help_heading("Команды")
        .mut_subcommands(translated_command);
    if let Some((_, about, more)) = COMMANDS.iter().find(|(known, ..)| *known == name) {
        command = command.about(*about);
        if !more.is_empty() {
            command = command.long_about(format!("{about}\n\n{more}"));
        }
    }
    if command.get_after_help().is_none() {
        return command;
    }
    command.after_help(if name == "ecvi-b24" {
        format!("{FIRST_STEPS}\n\n{EXIT_CODES}")
    } else {
        EXIT_CODES.to_owned()
    })
}

fn translated_argument(argument: Arg, command: &str) -> Arg {
    let heading = argument.get_help_heading().map(|_| EVERYWHERE);
    let text = text(argument.get_id().as_str(), command).unwrap_or_default();
    argument.help_heading(heading).help(text)
}

fn text(argument: &str, command: &str) -> Option<&'static str> {
    let own = format!("{command} {argument}");
    let found = ARGUMENTS.iter().find(|(known, _)| *known == own);
    let found = found.or_else(|| ARGUMENTS.iter().find(|(known, _)| *known == argument));
    found.map(|(_, text)| *text)
}

/// Words of clap's own in what it wrote.
pub(super) fn with_russian_frame(text: &str) -> String {
    let mut text = text.to_owned();
    for (english, russian) in FRAME {
        text = text.replace(english, russian);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::commands::cli::Cli;

    /// Each command that people see, with its name.
    fn commands(command: &Command) -> Vec<&Command> {
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        std::iter::once(command).chain(shown.flat_map(commands)).collect()
    }

    #[test]
    fn every_command_and_every_option_has_a_text_and_no_text_is_left_over() {
        let mut program = Cli::command();
        program.build();
        let mut used = BTreeSet::new();
        for command in commands(&program) {
            let name = command.get_name();
            assert!(COMMANDS.iter().any(|(known, ..)| *known == name), "{name}");
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                let id = argument.get_id().as_str();
                used.extend(text(id, name));
                let is_of_help = name == "help" || id == "subcommand";
                assert!(is_of_help || text(id, name).is_some(), "{name} {id}");
            }
        }
        for (name, text) in ARGUMENTS {
            assert!(used.contains(text), "{name}");
        }
    }
}
