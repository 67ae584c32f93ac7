//! What the program says about a run: what it waits for, what it holds back, what it needs first.

use chrono::{DateTime, Utc};

use super::{Message, ShellArgument, messages};

messages! {
    /// A run: what it waits for, what it holds back, what it needs first.
    pub enum SyncMessage {
        AnswerLost => "ответ потерян", "an answer was lost";
        ExportInterrupted =>
            "Прервано. Сделанное сохранено; продолжить: ecvi-b24 initial-export",
            "Interrupted. What was done is saved; to go on: ecvi-b24 initial-export";
        ExportStopped { cause: Box<Message> } =>
            "{cause}. Продолжить: ecvi-b24 initial-export",
            "{cause}. To go on: ecvi-b24 initial-export";
        InitialExportMissing =>
            "первичная выгрузка ещё не завершена: выполните ecvi-b24 \
             initial-export, до этого sync ничего не передаёт",
            "no initial export was completed yet: run ecvi-b24 initial-export; until then sync sends nothing";
        RunOverdue { command: String, since: DateTime<Utc>, skipped: u32, held: ShellArgument } =>
            "другой запуск ({command}) не заканчивается с {since}, пропущено \
             запусков: {skipped}; узнайте, кто держит {held} (fuser {held}), \
             и завершите этот процесс: сделанное им сохранено",
            "another run ({command}) has not ended since {since}, runs left out: {skipped}; find \
             out who holds {held} (fuser {held}) and end that process: what it did is saved";
        MappingChanged =>
            "Соответствие полей в конфигурации изменилось, а переданное раньше осталось прежним. \
             Посмотрите: ecvi-b24 sync --full --dry-run; передать всё заново: ecvi-b24 sync --full",
            "The mapping in the configuration has changed, and what was \
             sent before is as it was. To see what would change: ecvi-b24 \
             sync --full --dry-run; to send all again: ecvi-b24 sync --full";
        GoneOrWithoutId { records: Box<Message>, gone: u64 } =>
            "в зеркале Ecvi у записей недопустимый id (BAD_ID; {records}), а прежних нет: \
             {gone}. Может быть, это они: пока id не исправлены, ничего не удаляется",
            "rows of the mirror have no usable id (BAD_ID; {records}), and {gone} that were there \
             are not. They may be the same: until the ids are corrected, nothing is deleted";
        OldestBookingsGone { gone: u64 } =>
            "из Ecvi исчезли самые старые заявки подряд ({gone} за сутки): похоже, \
             их больше не выгружают в зеркало; сделки не удалены. Если сделки должны \
             остаться в CRM, отвяжите от них заявки: ecvi-b24 reset-id booking НОМЕР",
            "the oldest bookings in a row are gone from Ecvi ({gone} within a day): it \
             looks as if they are not exported any more; no deal was deleted. If the deals \
             are to stay in the CRM, let go of them: ecvi-b24 reset-id booking NUMBER";
        ManyBookingsGone { gone: u64, limit: u64 } =>
            "за сутки из Ecvi исчезло заявок: {gone}, а удалять без \
             подтверждения разрешено не больше {limit}; сделки не удалены",
            "bookings gone from Ecvi within a day: {gone}, and at \
             most {limit} may be deleted unasked; no deal was deleted";
        ManyGuestsGone { gone: u64, limit: u64 } =>
            "за сутки из Ecvi исчезло гостей: {gone}, это больше {limit}; в сделках они оставлены",
            "guests gone from Ecvi within a day: {gone}, more than {limit}; their deals keep them";
        ManyCompaniesGone { gone: u64, limit: u64 } =>
            "за сутки из Ecvi исчезло компаний: {gone}, это больше {limit}; в сделках они оставлены",
            "companies gone from Ecvi within a day: {gone}, more than {limit}; their deals keep them";
        ConfirmRemovals { kept: Box<Message>, gone: u64 } =>
            "{kept}. Посмотреть, что исчезло: ecvi-b24 sync --dry-run --max-deletes \
             {gone}. Если так и должно быть: ecvi-b24 sync --max-deletes {gone}",
            "{kept}. To see what is gone: ecvi-b24 sync --dry-run --max-deletes \
             {gone}. If that is right: ecvi-b24 sync --max-deletes {gone}";
        OtherHotelsMirror { records: Box<Message>, missing: u64, kind: String } =>
            "похоже, это зеркало другого отеля: в нём нет ни одной из переданных записей \
             ({records}: {missing}). Проверьте [mirror] path. Если в Ecvi все они \
             действительно получили новые id, выполните ecvi-b24 sync --max-deletes \
             {missing}: карточки будут созданы заново, прежние сделки удалены. Если прежние \
             просто ушли из зеркала и должны остаться в CRM: ecvi-b24 reset-id {kind} --all",
            "this looks like another hotel's mirror: none of what was sent is in \
             it ({records}: {missing}). Check [mirror] path. If Ecvi really gave \
             all of them new ids, run ecvi-b24 sync --max-deletes {missing}: cards \
             are made anew, and old deals deleted. If the old ones only left the \
             mirror and are to stay in the CRM: ecvi-b24 reset-id {kind} --all";
        OtherHotelsMirrorThroughout { missing: u64 } =>
            "похоже, это зеркало другого отеля: в нём нет ни одной из переданных записей \
             ({missing}). Проверьте [mirror] path. Если в Ecvi все они действительно \
             получили новые id, выполните ecvi-b24 sync --max-deletes {missing}",
            "this looks like another hotel's mirror: none of what was sent \
             is in it ({missing}). Check [mirror] path. If Ecvi really gave \
             all of them new ids, run ecvi-b24 sync --max-deletes {missing}";
        OtherNumbers { other: u64, compared: u64 } =>
            "у {other} из {compared} известных заявок другой номер",
            "{other} of {compared} known bookings carry another number";
        OtherLastNames { other: u64, compared: u64 } =>
            "у {other} из {compared} известных гостей другая фамилия",
            "{other} of {compared} known guests have another last name";
        OtherCompanyNames { other: u64, compared: u64 } =>
            "у {other} из {compared} известных компаний другое название",
            "{other} of {compared} known companies have another name";
        RenamedMirror { renamed: Box<Message>, other: u64 } =>
            "похоже, это зеркало другого отеля: {renamed}. Проверьте [mirror] path. \
             Если так исправлено в Ecvi, выполните ecvi-b24 sync --max-deletes {other}",
            "this looks like another hotel's mirror: {renamed}. Check [mirror] path. \
             If they were corrected in Ecvi, run ecvi-b24 sync --max-deletes {other}";
        MirrorEmpty =>
            "зеркало Ecvi пусто: нет ни гостей, ни компаний, ни заявок. Проверьте, чем оно наполняется",
            "the mirror is empty: no guests, no companies, no bookings. Check what fills it";
        TableEmptied { table: String, kind: String, then: Box<Message> } =>
            "в зеркале Ecvi опустела таблица {table}, в которой были записи. Проверьте, \
             чем оно наполняется. Только если в Ecvi этих записей действительно больше \
             нет, выполните ecvi-b24 reset-id {kind} --all; {then}",
            "the table {table} of the mirror had rows and is empty now. Check what fills it. \
             Only if Ecvi really has none any more, run ecvi-b24 reset-id {kind} --all; {then}";
        DealsStay =>
            "сделки останутся в CRM, удалите их там вручную",
            "the deals stay in the CRM, delete them there by hand";
        DealsGoWithoutThemIfAllowed { had: u64 } =>
            "затем ecvi-b24 sync --max-deletes {had}: сделки останутся без них",
            "then ecvi-b24 sync --max-deletes {had}: the deals go without them";
        DealsGoWithoutThem => "сделки останутся без них", "the deals go without them";
        EarlierCallsMayTakeEffect { until: String } =>
            "состояние новое или старее последних вызовов, а они ещё \
             могут выполниться до {until}: передаст следующий запуск",
            "the state is new, or older than the last calls, which \
             may still take effect until {until}: a later run sends";
        OriginatorChanged { known: String, originator: String } =>
            "[portal] originator_id был {known}, а теперь {originator}: переданное раньше не \
             узнать, и оно было бы создано второй раз; ничего не передано. Верните {known}",
            "[portal] originator_id was {known} and is {originator} now: what was sent before \
             would not be recognised and be made a second time; nothing was sent. Put {known} back";
        OtherPortal { known: String, host: String } =>
            "состояние относится к порталу {known}, а на портале {host} наших \
             карточек нет; ничего не передано. Проверьте [portal] webhook; для нового \
             портала задайте новый файл [state] path и выполните initial-export",
            "the state belongs to the portal {known}, and {host} does not \
             have our cards; nothing was sent. Check [portal] webhook; for \
             a new portal give another [state] path and run initial-export";
        MirrorOld { path: String, written: DateTime<Utc> } =>
            "зеркало Ecvi {path} не обновлялось с {written}: проверьте программу, которая его наполняет",
            "the mirror {path} was not written since {written}: check what fills it";
        EverythingRefused { refusal: Box<Message> } =>
            "портал отклоняет все записи ({refusal}). Проверьте в Битрикс24 место \
             на диске, тариф, подписку и права владельца вебхука; ни одна запись \
             не отложена, после исправления всё уйдёт со следующим запуском",
            "the portal refuses everything ({refusal}). Check the disk space, the \
             plan, the subscription and the rights of the webhook's owner in Bitrix24; \
             no record was put aside, and all go with the next run once that is mended";
        ImportRefused { refusal: Box<Message> } =>
            "портал не разрешает импорт ({refusal}). Дайте пользователю вебхука \
             право «Импорт» в CRM или задайте [export] method = \"add\": тогда \
             сделки создаются обычным путём и сработают роботы и бизнес-процессы",
            "the portal does not let us import ({refusal}). Give the webhook's user \
             the right to import in the CRM, or set [export] method = \"add\": \
             deals are then created the plain way, and automation rules run";
        FileExposed { path: ShellArgument } =>
            "файл {path} могут прочесть все на этой машине, а в нём пароль к CRM: chmod o= {path}",
            "{path} can be read by everyone on this machine, \
             and holds the password to the CRM: chmod o= {path}";
    }
}
