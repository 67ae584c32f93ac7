//! What the program says of a run: its summary and its progress, and what it asks before it changes
//! something.

use super::{Message, messages};

messages! {
    /// The summary of a run, the progress of a long one, and questions to a person.
    pub enum OutputMessage => System {
        Created { records: String } => "создано: {records}", "created: {records}";
        Updated { records: String } => "изменено: {records}", "updated: {records}";
        Deleted { bookings: u64 } => "удалено: заявки {bookings}", "deleted: bookings {bookings}";
        Failed { records: u64 } => "ошибок: {records}", "failed: {records}";
        LookingAtCrm { found: String } =>
            "смотрим, что уже есть в CRM: {found}",
            "looking at what the CRM has: {found}";
        NothingToSend => "передавать нечего", "nothing to send";
        DoneOf { records: Box<Message>, done: u64, planned: u64 } =>
            "{records} {done} из {planned}",
            "{records} {done} of {planned}";
        Rate { per_minute: u64 } => "{per_minute} в минуту", "{per_minute} a minute";
        RateAndTimeLeft { per_minute: u64, time: Box<Message> } =>
            "{per_minute} в минуту, осталось около {time}",
            "{per_minute} a minute, about {time} left";
        RateAndLastMinute { per_minute: u64 } =>
            "{per_minute} в минуту, осталось меньше минуты",
            "{per_minute} a minute, less than a minute left";
        WaitingForBudget { time: String, method: String } =>
            "ждём до {time}: портал ограничивает время работы {method}",
            "waiting until {time}: the portal limits the working time of {method}";
        WaitingForPortal { time: String, reason: Box<Message> } =>
            "портал недоступен, следующая попытка в {time}: {reason}",
            "the portal cannot be reached, next attempt at {time}: {reason}";
        WaitingForEarlierCalls { time: String } =>
            "ждём до {time}: прежние вызовы ещё могут выполниться",
            "waiting until {time}: earlier calls may still take effect";
        GoOn => "Продолжить? [д/н]", "Go on? [y/N]";
        NothingChanged => "Ничего не изменено.", "Nothing was changed.";
        Busy { command: String } =>
            "Идёт другой запуск; {command} ничего не делает, повторите позже",
            "Another run is under way; {command} does nothing, try again later";
        ExportCompleted =>
            "Первичная выгрузка завершена. Дальше: ecvi-b24 sync \
             каждые три минуты, из cron или по таймеру systemd.",
            "The initial export is completed. Next: ecvi-b24 sync \
             every three minutes, by cron or a systemd timer.";
        ExportCompletedInPart { failed: u64 } =>
            "Первичная выгрузка прошла до конца, но не передано записей: {failed}. \
             Причины и что делать: ecvi-b24 status. Дальше: ecvi-b24 sync каждые три \
             минуты, из cron или по таймеру systemd; он передаст и исправленное.",
            "The initial export went through, but records were not sent: {failed}. For \
             the reasons and what to do run ecvi-b24 status. Next: ecvi-b24 sync every \
             three minutes, by cron or a systemd timer; it also sends what was corrected.";
        StartTimer =>
            "Таймер: sudo systemctl enable --now ecvi-b24.timer",
            "The timer: sudo systemctl enable --now ecvi-b24.timer";
        CrontabLine { line: String } =>
            "Строка для cron (команда crontab -e от имени того же пользователя):\n{line}",
            "The line for cron (crontab -e as the same user):\n{line}";
        NotRepaired { records: u64 } =>
            "Не исправлено записей: {records}. Причины: ecvi-b24 status, расхождения: ecvi-b24 audit",
            "Records not repaired: {records}. For the reasons run \
             ecvi-b24 status, for what differs ecvi-b24 audit";
    }
}
