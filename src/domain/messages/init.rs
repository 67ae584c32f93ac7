//! What `init` says where it cannot go on: a question without an answer, an answer that makes no
//! sense, a file that cannot be written.

use super::{Message, messages};

messages! {
    /// Answers that are missing or make no sense, and the file that is written.
    pub enum InitMessage => System {
        AnswerMissing { question: String, flag: String } =>
            "нет ответа на вопрос «{question}», а терминала, чтобы спросить, нет. Ответьте ключом: {flag}",
            "the question \"{question}\" has no answer, and there \
             is no terminal to ask on. Answer by the option: {flag}";
        AnswerOrYes { question: String, flag: String, proposed: String } =>
            "нет ответа на вопрос «{question}», а терминала, чтобы спросить, нет. Ответьте ключом: \
             {flag}; или согласитесь со всем предложенным (здесь: {proposed}) ключом --yes",
            "the question \"{question}\" has no answer, and there is no terminal to ask on. Answer \
             by the option: {flag}; or take all that is proposed (here: {proposed}) by --yes";
        NoSuchAnswer { flag: String, given: String, choices: String } =>
            "{flag}: «{given}» не подходит; можно: {choices}",
            "{flag}: \"{given}\" is none of these: {choices}";
        Stopped => "Прервано. Ничего не записано.", "Interrupted. Nothing was written.";
        NotAsked { error: Box<Message> } =>
            "терминал не отвечает ({error}); ничего не записано",
            "the terminal does not answer ({error}); nothing was written";
        FileChangedMeanwhile { path: String } =>
            "файл {path} тем временем изменил кто-то другой, \
             поэтому он не записан; запустите ecvi-b24 init ещё раз",
            "somebody else changed {path} meanwhile, so it was not written; run ecvi-b24 init again";
        NotWritten { path: String } =>
            "не удалось записать {path}. Запустите init от имени \
             администратора (sudo) или укажите другой файл ключом --config",
            "{path} could not be written. Run init as an \
             administrator (sudo), or name another file by --config";
        NoWebhookOnInput =>
            "--webhook-stdin: на входе нет адреса вебхука",
            "--webhook-stdin: there is no address of a webhook on standard input";
        MirrorNotThere { reason: Box<Message> } =>
            "{reason}\nЧтобы записать конфигурацию, пока зеркала ещё нет, добавьте --mirror-later",
            "{reason}\nTo write the configuration before there is a mirror, add --mirror-later";
        QueryIncomplete { table: String } =>
            "--query {table}: запрос не даёт всех нужных столбцов",
            "--query {table}: the query does not yield all columns that are needed";
        ReportIncomplete { path: String, table: String, missing: String } =>
            "в отчёте {path} не найдены заголовки для столбцов: {missing}. Укажите \
             их в [load.{table}] (docs/load.ru.md) или выгрузите отчёт с ними",
            "the report {path} has no headings that are known for {missing}. Name \
             them in [load.{table}] (docs/load.md), or export the report with them";
        MirrorHasNoTables { path: String } =>
            "в файле {path} нет ни одной таблицы: зеркало ещё не наполнено",
            "the file {path} has no tables: the mirror was not filled yet";
    }
}

impl InitMessage {
    /// An answer of the command line that is none of the possible ones.
    pub fn no_such_answer(flag: &str, given: &str, choices: &str) -> InitMessage {
        InitMessage::NoSuchAnswer {
            flag: flag.to_owned(),
            given: given.to_owned(),
            choices: choices.to_owned(),
        }
    }
}
