//! What the program says about the records, cards and commands that somebody names on its command
//! line.

use chrono::{DateTime, Utc};

use super::{Message, messages};

messages! {
    /// Records, cards and commands that a command line names.
    pub enum CommandMessage => Usage {
        NoSuchCommand { name: String } => "нет команды {name}", "no command {name}";
        NoSuchGuest { query: String } =>
            "гостя «{query}» нет ни в зеркале Ecvi, ни среди переданных; проверьте id",
            "guest {query} is neither in the mirror nor among the records sent; check the id";
        NoSuchCompany { query: String } =>
            "компании «{query}» нет ни в зеркале Ecvi, ни среди переданных; проверьте id",
            "company {query} is neither in the mirror nor among the records sent; check the id";
        NoSuchBooking { query: String } =>
            "заявки «{query}» нет ни в зеркале Ecvi, ни среди переданных; проверьте номер",
            "booking {query} is neither in the mirror nor among the records sent; check the number";
        SeveralRecords { query: String, ids: String } =>
            "под «{query}» значится несколько записей; укажите одну: {ids}",
            "several records are called {query}; name one: {ids}";
        LogFilterWrong { filter: String } =>
            "значение RUST_LOG «{filter}» непонятно, журнал ведётся как без него; пример: RUST_LOG=ecvi_b24=debug",
            "RUST_LOG is \"{filter}\", which makes no sense, so it is left aside; an example: RUST_LOG=ecvi_b24=debug";
        CrmIdWantsOneRecord => "--crm-id: укажите одну запись", "--crm-id: name one record";
        NoSuchCard { card: Box<Message> } =>
            "в CRM нет такой карточки: {card}",
            "no such card in the CRM: {card}";
        CardNotChecked { card: Box<Message>, reason: Box<Message> } =>
            "не удалось проверить, есть ли в CRM {card}: {reason}",
            "it was not checked whether the CRM has {card}: {reason}";
        OldValuesUnknown { reason: Box<Message> } =>
            "Прежние значения не показаны: {reason}.",
            "Old values are not shown: {reason}.";
        OnlyFirstLookedFor { records: usize } =>
            "Существующие карточки искались только для первых {records} новых записей.",
            "Only the first {records} new records were looked for in the CRM.";
        CallsWithoutAnswer { calls: String } =>
            "Вызовы без ответа: {calls}. Ближайший запуск выяснит, что выполнилось, и передаст остальное.",
            "Calls without an answer: {calls}. The next run finds out what took effect and sends the rest.";
        GoneForNow { records: String, until: DateTime<Utc> } =>
            "Исчезли из Ecvi: {records}. Если не вернутся до {until}, их сделки будут \
             удалены, а гости и компании покинут свои сделки ([sync] delete_after).",
            "Gone from Ecvi: {records}. Unless they are back by {until}, their deals are \
             deleted, and guests and companies leave their deals ([sync] delete_after).";
    }
}
