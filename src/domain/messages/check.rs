//! What `check` finds: each finding, and what to do about it.

use chrono::{DateTime, Utc};

use super::{Message, MirrorTime, ShellArgument, messages};

messages! {
    /// The findings of `check` and what to do about them.
    pub enum CheckMessage => State {
        // The configuration.
        Configuration { path: String } => "Конфигурация: {path}", "Configuration: {path}";
        ConfigurationUnusable { reason: Box<Message> } => "Конфигурация: {reason}", "Configuration: {reason}";
        CorrectConfiguration =>
            "Исправьте файл; все ключи описаны в docs/configuration.md",
            "Correct the file; docs/configuration.md describes every key";
        ConfigurationIsLink { file: String } =>
            "Конфигурация — ссылка на {file}: относительные пути отсчитываются от этого файла",
            "The configuration is a link to {file}: relative paths are relative to that file";
        WorldReadable { path: String } =>
            "Файл {path} могут прочесть все на этой машине",
            "Everyone on this machine can read the file {path}";
        ProtectFile { path: ShellArgument } =>
            "В вебхуке пароль ко всей CRM. Выполните: chmod o= {path}",
            "The webhook is a password to the whole CRM. Run: chmod o= {path}";
        OriginatorNotAscii { originator: String } =>
            "[portal] originator_id «{originator}»: разрешены только латинские буквы, цифры и знаки ASCII",
            "[portal] originator_id \"{originator}\" is not plain ASCII";
        ChooseAsciiOriginator =>
            "Портал может не различать похожие буквы (é и e, ё и е), и карточки двух \
             отелей смешаются. До первичной выгрузки назовите другой, например ECVI-SOCHI",
            "A portal may take similar letters (é and e) for the same, and the cards of two \
             hotels would mix. Before the initial export name another one, such as ECVI-SOCHI";
        KeepOriginator =>
            "Карточки уже отмечены этим именем: не меняйте его. Если отелей на портале несколько, \
             имя другого отеля должно отличаться не только такими буквами",
            "The cards carry this name already: keep it. If several hotels share the portal, the \
             name of another one must differ in more than such letters";

        // The state and the plan of the next run.
        StateWritable { path: String } =>
            "Состояние: {path}, запись работает",
            "State: {path}, can be written";
        StateNotYetThere { path: String } =>
            "Состояние: {path}, появится при первом запуске",
            "State: {path}, will be made by the first run";
        StateWasOpenToOthers { path: String } =>
            "Состояние {path}: файл был доступен не только владельцу; исправлено",
            "State {path}: others than its owner had access to the file; mended";
        StateUnusable { reason: Box<Message> } => "Состояние: {reason}", "State: {reason}";
        StateCannotBeMade { folder: String } =>
            "в папке {folder} нельзя создать файл состояния: проверьте [state] path, папку и права",
            "the state cannot be made in {folder}: check [state] path, the folder and its permissions";
        NextRun { notice: Box<Message> } => "Ближайший запуск: {notice}", "The next run: {notice}";

        // The mirror's file.
        MirrorFresh { path: String, written: String } =>
            "Зеркало Ecvi: {path}, обновлено {written}",
            "Mirror: {path}, written {written}";
        MirrorOld { path: String, written: String } =>
            "Зеркало Ecvi {path}: не обновлялось с {written}",
            "Mirror {path}: not written since {written}";
        CheckFiller =>
            "Проверьте, работает ли программа, которая его наполняет",
            "See whether the program that fills it is running";
        MirrorNotLoaded { path: String } =>
            "Зеркало Ecvi: файла {path} ещё нет",
            "Mirror: there is no {path} yet";
        LoadReports =>
            "Наполните его из отчётов: ecvi-b24 load",
            "Fill it from the reports: ecvi-b24 load";
        MirrorUnusable { reason: Box<Message> } => "Зеркало Ecvi: {reason}", "Mirror: {reason}";
        ForeignLog { path: String, log: String } =>
            "Зеркало Ecvi {path} новее журнала {log} и не соответствует \
             ему: похоже, файл заменили, а журнал остался от прежнего",
            "The mirror {path} is newer than its log {log} and does not fit it: \
             it seems that the file was replaced and the log is the old one's";
        ReplaceWithLog =>
            "SQLite показывает тогда строки прежнего файла. Остановите программу, которая \
             наполняет зеркало, замените файл, удалив при этом -wal и -shm (docs/mirror.md)",
            "SQLite then shows the old file's rows. Stop the program that fills the \
             mirror, and replace the file, deleting -wal and -shm with it (docs/mirror.md)";
        WindowedQuery { table: String } =>
            "Зеркало Ecvi: запрос {table} зависит от времени или числа строк",
            "Mirror: the query of {table} depends on the time or on a number of rows";
        BookingsOutsideWindow =>
            "Заявка, выпавшая из такого окна, неотличима от удалённой, поэтому \
             сделки не удаляются. Чтобы они удалялись, уберите окно из \
             [mirror.queries]; глубину истории задаёт [export] bookings_from",
            "A booking that falls out of the window looks like a deleted one, so \
             no deal is deleted. To have them deleted, take the window out of \
             [mirror.queries]; [export] bookings_from limits the depth of history";
        PartiesOutsideWindow =>
            "Кто выпал из такого окна, неотличим от удалённого, поэтому и удалённые остаются \
             в сделках. Чтобы они уходили из сделок, уберите окно из [mirror.queries]",
            "A guest or company that falls out of the window looks like \
             a deleted one, so the deleted ones stay in their deals too. \
             To have them leave, take the window out of [mirror.queries]";
        BookingGuestsOutsideWindow =>
            "Кто выпадет из такого окна, исчезнет из сделок. Уберите окно из [mirror.queries] booking_guests",
            "Guests who fall out of the window leave their deals. \
             Take the window out of [mirror.queries] booking_guests";

        // The reports that fill the mirror.
        ReportFound { table: Box<Message>, path: String, written: String } =>
            "Отчёт, {table}: {path}, записан {written}",
            "Report, {table}: {path}, written {written}";
        ReportOld { table: Box<Message>, path: String, written: String } =>
            "Отчёт, {table}: {path} не обновлялся с {written}",
            "Report, {table}: {path} was not written since {written}";
        CheckExport =>
            "Проверьте, выгружает ли Ecvi отчёты в эту папку",
            "See whether Ecvi exports its reports into that folder";
        ReportUnusable { reason: Box<Message> } => "Отчёты: {reason}", "Reports: {reason}";

        // The mirror's rows.
        Rows { records: Box<Message>, count: u64 } =>
            "Зеркало, {records}: {count}",
            "Mirror, {records}: {count}";
        RowsAndNewest { records: Box<Message>, count: u64, newest: MirrorTime } =>
            "Зеркало, {records}: {count}, последнее изменение {newest}",
            "Mirror, {records}: {count}, newest change {newest}";
        NoRows { records: Box<Message> } =>
            "Зеркало, {records}: нет ни одной строки",
            "Mirror, {records}: not one row";
        SeeWhetherFilled => "Проверьте, наполнено ли зеркало", "See whether the mirror was filled";
        RowsWithoutId { records: Box<Message>, count: u64 } =>
            "Зеркало, {records}: строк без id: {count}",
            "Mirror, {records}: rows without an id: {count}";
        RowsUnreadable {
            records: Box<Message>, count: u64, code: String, column: String,
            examples: Box<Message>,
        } =>
            "Зеркало, {records}: не читается строк: {count}, {code}, {column} (id {examples})",
            "Mirror, {records}: rows that cannot be read: {count}, {code}, {column} (id {examples})";
        ValueOfForm { column: String, form: String } => "{column} вида {form}", "{column} like {form}";
        RowsNotWhole { records: Box<Message>, count: u64, code: String, column: String, ids: String } =>
            "Зеркало, {records}: строк, которые уйдут не целиком: {count}, {code}, {column} (id {ids})",
            "Mirror, {records}: rows that would not be sent whole: {count}, {code}, {column} (id {ids})";
        ModifiedInFuture { records: Box<Message>, count: u64, id: String } =>
            "Зеркало, {records}: modified_at в будущем, строк: {count} (id {id})",
            "Mirror, {records}: modified_at in the future, rows: {count} (id {id})";
        CheckFillersClock =>
            "Изменения передаются и так. Проверьте часы на компьютере, \
             где работает Ecvi или программа, которая наполняет зеркало",
            "Changes are sent all the same. Check the clock of the machine \
             that runs Ecvi, or of the program that fills the mirror";
        ModifiedInOtherForm { records: Box<Message>, count: u64, id: String } =>
            "Зеркало, {records}: modified_at записан иначе, чем \
             в большинстве строк; таких строк: {count} (id {id})",
            "Mirror, {records}: modified_at is written otherwise \
             than in most rows, in rows: {count} (id {id})";
        SeeWhatElseWrites =>
            "Изменения передаются и так. Посмотрите, не пишет ли в зеркало что-то ещё",
            "Changes are sent all the same. See whether something else writes into the mirror";
        BookingsWithoutGuests { count: u64, bookings: u64 } =>
            "Зеркало, заявки: {count} из {bookings} без гостей",
            "Mirror, bookings: {count} of {bookings} without guests";
        UnknownBookings { count: u64, example: String } =>
            "Зеркало, booking_guests: в столбце booking_id указаны \
             заявки, которых в зеркале нет: {count} (например, {example})",
            "Mirror, booking_guests: booking_id names bookings that \
             the mirror does not have: {count} (such as {example})";
        UnknownParties { column: String, count: u64, bookings: u64, booking: String, example: String } =>
            "Зеркало, заявки: в столбце {column} указан id, которого в зеркале нет; таких \
             заявок {count} из {bookings} (например, заявка с id {booking}: {example})",
            "Mirror, bookings: {count} of {bookings} have an id in {column} that no \
             row of the mirror has (such as the booking with id {booking}: {example})";

        // The webhook and its user.
        ProxyUsed { proxy: String } => "Прокси: {proxy}", "Proxy: {proxy}";
        WebhookUnusable { reason: Box<Message> } => "Вебхук: {reason}", "Webhook: {reason}";
        CorrectPortal => "Исправьте [portal] в конфигурации", "Correct [portal] in the configuration";
        SharedBucketUsable { path: String } =>
            "Общий счётчик запросов: {path}",
            "Shared bucket: {path}";
        SharedBucketUnusable { path: String, reason: Box<Message> } =>
            "Общий счётчик запросов {path} недоступен ({reason}): запросы идут вдвое реже",
            "The shared bucket {path} cannot be used ({reason}): requests go at half the rate";
        CorrectSharedBucket =>
            "Проверьте [portal] shared_bucket, файл и права на него",
            "Check [portal] shared_bucket, the file and its permissions";
        WebhookAnswers { host: String, milliseconds: i64 } =>
            "Вебхук: {host} отвечает за {milliseconds} мс",
            "Webhook: {host} answers in {milliseconds} ms";
        ScopeMissing =>
            "Права вебхука: нет CRM (crm)",
            "Rights of the webhook: CRM (crm) is missing";
        TickScope =>
            "Отметьте CRM (crm) в правах входящего вебхука в Битрикс24",
            "Tick CRM (crm) among the rights of the inbound webhook in Bitrix24";
        UserIsNotified { user: u64 } =>
            "Сообщения: их будет получать пользователь {user}",
            "Messages: user {user} will get them";
        MessagesNeedScope { user: u64 } =>
            "Сообщения: пользователь {user} их не получит, у вебхука нет права «Чат и уведомления» (im)",
            "Messages: user {user} will not get them, the \
             webhook lacks the right Chat and notifications (im)";
        TickMessages =>
            "Отметьте «Чат и уведомления» (im) в правах входящего \
             вебхука в Битрикс24 или уберите [monitoring] notify_user",
            "Tick Chat and notifications (im) among the rights of the \
             inbound webhook in Bitrix24, or remove [monitoring] notify_user";
        NotifiedUserUnknown { user: u64 } =>
            "Сообщения: пользователя {user} на портале нет",
            "Messages: the portal has no user {user}";
        NotifiedUserDismissed { user: u64 } =>
            "Сообщения: пользователь {user} уволен и их не прочтёт",
            "Messages: user {user} was dismissed and will not read them";
        NotifiedUserUnclear { user: u64, reason: Box<Message> } =>
            "Сообщения: не удалось узнать, есть ли на портале пользователь {user} ({reason})",
            "Messages: it could not be found out whether the portal has a user {user} ({reason})";
        NameOtherUser =>
            "Укажите в [monitoring] notify_user id сотрудника, который прочтёт сообщение",
            "Give in [monitoring] notify_user the id of somebody who will read the message";
        NotBitrix { reason: Box<Message> } =>
            "Портал ответил не как Битрикс24: {reason}",
            "The portal did not answer as Bitrix24: {reason}";
        CheckAddress =>
            "Проверьте адрес в [portal] webhook; если он верен, повторите позже",
            "Check the address in [portal] webhook; if it is right, try again later";
        PortalSilent { reason: Box<Message> } =>
            "Портал не отвечает: {reason}",
            "The portal does not answer: {reason}";
        CheckNetwork =>
            "Проверьте сеть, адрес портала и сертификат ([portal] webhook, ca_file), затем повторите",
            "Check the network, the portal's address and its \
             certificate ([portal] webhook, ca_file), then try again";
        NoConnection { reason: Box<Message> } =>
            "Нет соединения с порталом: {reason}",
            "No connection to the portal: {reason}";
        UserIsAdministrator { id: String } =>
            "Пользователь вебхука: {id}, администратор",
            "The webhook's user: {id}, an administrator";
        UserIsNoAdministrator { id: String } =>
            "Пользователь вебхука: {id}, не администратор",
            "The webhook's user: {id}, no administrator";
        RightsNeeded =>
            "Ему нужны права на чтение, добавление, изменение всех контактов, компаний \
             и сделок, удаление сделок и импорт; надёжнее вебхук администратора",
            "That user needs the rights to read, add and change all contacts, companies and \
             deals, to delete deals, and to import; an administrator's webhook is safer";
        UserUnknown =>
            "Пользователь вебхука: портал не сказал, кто это",
            "The webhook's user: the portal did not say who";
        CrmClosed { method: String, refusal: Box<Message> } =>
            "Доступ к CRM: {method}: {refusal}",
            "Access to the CRM: {method}: {refusal}";
        GiveRole =>
            "Дайте пользователю вебхука роль в CRM с доступом ко всем записям",
            "Give the webhook's user a role in the CRM with access to all records";
        MethodsAvailable { count: usize } =>
            "Методы портала: доступны все {count}",
            "Methods of the portal: all {count} can be called";
        MethodsMissing { methods: String } =>
            "Методы портала: недоступны {methods}",
            "Methods of the portal: {methods} cannot be called";
        ExportByAdding =>
            "Без импорта первичная выгрузка возможна только с [export] \
             method = \"add\": она запустит роботов и правила портала",
            "Without the import an initial export needs [export] \
             method = \"add\", which sets off the portal's automation";
        UpdatePortal => "Обновите портал или права вебхука", "Update the portal or the rights of the webhook";
        ClockAgrees => "Часы: совпадают с часами портала", "Clock: agrees with the portal's";
        ClockAhead { by: Box<Message> } =>
            "Часы: спешат на {by} против портала",
            "Clock: {by} ahead of the portal's";
        ClockBehind { by: Box<Message> } =>
            "Часы: отстают на {by} от портала",
            "Clock: {by} behind the portal's";
        SynchroniseTime =>
            "Включите синхронизацию времени на этой машине",
            "Turn on time synchronisation on this machine";
        RequestRate { per_second: String, burst: String } =>
            "Частота запросов: {per_second} в секунду, не больше {burst} подряд",
            "Request rate: {per_second} a second, {burst} at once at most";
        RateOfEnterprise =>
            "Больше 2 и 50 портал допускает только на тарифе «Энтерпрайз» (5 и 250)",
            "More than 2 and 50 is for the plan Enterprise alone (5 and 250)";

        // The dictionaries of the portal.
        DictionariesComplete =>
            "Справочники: всё, что названо в конфигурации, на портале есть",
            "Dictionaries: the portal has what the configuration names";
        CorrectSetting { key: String } =>
            "Исправьте {key} в конфигурации или заведите недостающее в Битрикс24.",
            "Correct {key} in the configuration, or add what is missing to Bitrix24.";
        CorrectSettingTo { key: String, alternatives: Box<Message> } =>
            "Исправьте {key} в конфигурации или заведите недостающее в Битрикс24. {alternatives}",
            "Correct {key} in the configuration, or add what is missing to Bitrix24. {alternatives}";

        // The end.
        AllFine => "Всё в порядке.", "Everything is fine.";
        RunsWillWork { warnings: usize } =>
            "Работать можно. Замечаний: {warnings}.",
            "Runs will work. Warnings: {warnings}.";
        Errors { errors: usize } => "Ошибок: {errors}.", "Errors: {errors}.";
        ErrorsAndWarnings { errors: usize, warnings: usize } =>
            "Ошибок: {errors}, замечаний: {warnings}.",
            "Errors: {errors}, warnings: {warnings}.";
        NextInitialExport =>
            "Дальше: ecvi-b24 initial-export (сначала с --dry-run).",
            "Next: ecvi-b24 initial-export (with --dry-run first).";
        NextSync =>
            "Дальше: ecvi-b24 sync каждые три минуты, из cron или по таймеру systemd.",
            "Next: ecvi-b24 sync every three minutes, by cron or a systemd timer.";

        // The probe.
        ProbeNotMade => "Проба: не проводилась", "Probe: was not made";
        MendFirst => "Сначала исправьте отмеченное выше", "Mend what is marked above first";
        LastProbeHeld { at: DateTime<Utc> } =>
            "Проба от {at}: всё, что проверено, подтвердилось",
            "Probe of {at}: all that was tried holds";
        LastProbeFailed { at: DateTime<Utc>, broken: Box<Message> } =>
            "Проба от {at}: не подтвердилось: {broken}",
            "Probe of {at}: does not hold: {broken}";
        ProbeAgain =>
            "Что это значит, скажет новая проба: ecvi-b24 check --probe",
            "A new probe says what it means: ecvi-b24 check --probe";
        ImportKeepsDates =>
            "Проба: импорт сохраняет дату выезда закрытых сделок",
            "Probe: the import keeps the departure of closed deals";
        ImportOverwritesDates =>
            "Проба: импорт ставит закрытым сделкам сегодняшнюю дату, дата выезда уходит вторым вызовом",
            "Probe: the import puts today's date on closed deals, so the departure goes in a second call";
        Holds { assumption: Box<Message> } => "Проба: {assumption}", "Probe: {assumption}";
        DoesNotHold { assumption: Box<Message> } =>
            "Проба: не подтвердилось: {assumption}",
            "Probe: does not hold: {assumption}";
        NotTried { assumption: Box<Message>, reason: Box<Message> } =>
            "Проба: не удалось проверить: {assumption} ({reason})",
            "Probe: could not be tried: {assumption} ({reason})";
        NothingCharged =>
            "Проба: портал не учитывает время вызовов",
            "Probe: the portal charges no time for calls";
        Charged { batch: String, commands: String } =>
            "Проба: портал засчитал {batch} с методу batch и {commands} с командам в нём",
            "Probe: the portal charged {batch} s to the method batch and {commands} s to the commands in it";
        RequiredFieldFilled { field: String, records: Box<Message>, total: u64 } =>
            "Проба: обязательное поле {field} ({records}) заполнено во всех записях: {total}",
            "Probe: the required field {field} ({records}) is filled in all records: {total}";
        RequiredFieldEmpty {
            field: String, records: Box<Message>, count: u64, total: u64, example: Box<Message>,
        } =>
            "Проба: портал требует поле {field}, а в зеркале оно пустое: {records} \
             {count} из {total} (например, {example}); их портал отклонит",
            "Probe: the portal demands the field {field}, which the mirror leaves empty: \
             {records} {count} of {total} (such as {example}); the portal will refuse them";
        FillRequiredField =>
            "Заполните его в Ecvi (для своего поля нужен столбец в разделе \
             fields конфигурации) или снимите обязательность в Битрикс24",
            "Fill it in Ecvi (a field of your own needs a column in the section \
             fields of the configuration), or make it optional in Bitrix24";

        // What the program relies on, and what it means where that does not hold.
        Creation =>
            "контакт, компания и сделка создаются",
            "a contact, a company and a deal can be made";
        WithoutCreation => "Без этого передавать нечего", "Nothing can be sent without it";
        Origin =>
            "новая карточка сразу находится по ORIGIN_ID, и только она",
            "a new card is found by ORIGIN_ID at once, and nothing else";
        WithoutOrigin =>
            "После потерянного ответа возможны дубликаты. Не запускайте выгрузку и сообщите разработчикам",
            "Duplicates are possible after a lost answer. Do not start the export, and tell the developers";
        Comments => "комментарий доходит без потерь", "a comment arrives whole";
        WithoutComments =>
            "Слова комментариев могут теряться; на остальное это не влияет",
            "Words of comments may get lost; nothing else is affected";
        Address => "адрес доходит целиком", "an address arrives whole";
        WithoutAddress =>
            "Адреса гостей могут не появиться в карточках; на остальное это не влияет",
            "Addresses may not show on cards; nothing else is affected";
        Phones => "телефон заменяется, а не добавляется", "a phone is replaced and not added";
        WithoutPhones =>
            "После смены телефона в карточке останется и старый",
            "After a change of a phone the old one stays on the card";
        ClosingDate =>
            "в закрытой сделке стоит дата выезда, а не сегодняшняя",
            "a closed deal keeps the departure and not today's date";
        WithoutClosingDate =>
            "В отчётах по дате закрытия будет день передачи, а не выезда",
            "Reports by closing date will show the day of the transfer and not the departure";
        UnknownStage => "неизвестная стадия ничего не меняет", "an unknown stage changes nothing";
        WithoutUnknownStage =>
            "Портал принимает несуществующую стадию: следите за [deal.stages]",
            "The portal takes a stage that does not exist: mind [deal.stages]";
        Unbinding => "гостей можно отвязать от сделки", "guests can be unbound from a deal";
        WithoutUnbinding =>
            "Гость, убранный из заявки, останется в сделке",
            "A guest who was taken off a booking stays in its deal";
        Import => "у вебхука есть право импорта", "the webhook has the right to import";
        WithoutImport =>
            "Дайте пользователю вебхука право импорта контактов, компаний и сделок, или \
             задайте [export] method = \"add\": тогда сработают роботы и правила портала",
            "Give the webhook's user the right to import contacts, companies and deals, \
             or set [export] method = \"add\", which sets off the portal's automation";
        Deletion => "удалённое исчезает из списков", "what was deleted is gone from the lists";
        WithoutDeletion =>
            "Удалите вручную контакты, компанию и сделки с названием «Проба ecvi-b24»",
            "Delete by hand the contacts, the company and the deals called \"Проба ecvi-b24\"";
    }
}
