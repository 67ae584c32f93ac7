//! What a user of the portal is told in the messenger, and why a message was not sent.

use super::{Message, messages};

messages! {
    /// Messages to a user of the portal.
    pub enum NoticeMessage {
        SomethingFails =>
            "Передача из Ecvi в CRM: нужна помощь.",
            "From Ecvi to the CRM: help is needed.";
        NotSentRecords { count: usize, record: Box<Message>, reason: Box<Message> } =>
            "Не передано записей: {count}. Первая: {record}. {reason}",
            "Records not sent: {count}. The first: {record}. {reason}";
        LookAtStatus =>
            "Подробности: ecvi-b24 status или страница состояния. \
             Когда всё исправится, придёт ещё одно сообщение.",
            "More: ecvi-b24 status, or the status page. Once all is well, another message comes.";
        WellAgain =>
            "Передача из Ecvi в CRM: снова всё в порядке, ошибок нет.",
            "From Ecvi to the CRM: all is well again, nothing fails.";
        UserUnknown { user: u64 } =>
            "сообщение пользователю {user} не принято порталом: \
             проверьте [monitoring] notify_user (ecvi-b24 check)",
            "the portal did not take the message to user {user}: \
             check [monitoring] notify_user (ecvi-b24 check)";
        NotSent { user: u64, reason: Box<Message> } =>
            "сообщение пользователю {user} не отправлено ({reason}): вебхуку нужно \
             право im, или уберите [monitoring] notify_user (ecvi-b24 check)",
            "the message to user {user} was not sent ({reason}): the webhook needs \
             the scope im, or remove [monitoring] notify_user (ecvi-b24 check)";
        FileNotWritten { key: String, path: String, reason: String } =>
            "{key}: файл {path} не записан ({reason}); на передачу данных это не влияет",
            "{key}: {path} was not written ({reason}); the data is sent all the same";
    }
}
