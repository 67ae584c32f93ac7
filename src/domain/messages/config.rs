//! What the program says about the configuration: which key is wrong, why, and what may be there.

use super::{Message, messages};

messages! {
    /// The configuration file and its keys.
    pub enum ConfigMessage => Config {
        FileDenied { path: String, remedy: Box<Message> } =>
            "нет прав на файл конфигурации {path}: {remedy}",
            "no permission to read the configuration file {path}: {remedy}";
        FileMissing { path: String } =>
            "файла конфигурации {path} нет: составьте его командой \
             ecvi-b24 init или назовите другой ключом --config",
            "there is no configuration file {path}: write it with \
             ecvi-b24 init, or name another one with --config";
        FileNotUtf8 { path: String } =>
            "файл конфигурации {path} не в кодировке UTF-8: сохраните его в ней",
            "the configuration file {path} is not in UTF-8: save it so";
        FileUnreadable { path: String } =>
            "не читается файл конфигурации {path}",
            "the configuration file {path} cannot be read";
        FileWrong { path: String } =>
            "ошибка в файле конфигурации {path}",
            "the configuration file {path} is wrong";
        FileOfOthers { path: String } =>
            "файл конфигурации {path} может изменить не только root, а команду \
             выполняет root: выполните её от имени владельца файла (sudo -u …) \
             или оставьте файл одному root (chown root, chmod go-w)",
            "others than root may change the configuration file {path}, and \
             root runs the command: run it as the file's owner (sudo -u …), \
             or leave the file to root alone (chown root, chmod go-w)";
        FoundFileOfOthers { path: String, owner: u32 } =>
            "файл конфигурации {path} в текущей папке может изменить не только тот, \
             кто выполняет команду (владелец: uid {owner}), поэтому он не используется: \
             укажите нужный файл ключом --config, а свой закройте от записи (chmod go-w)",
            "the configuration file {path} in the current folder may be changed by others \
             than whoever runs the command (its owner: uid {owner}), so it is not used: \
             name the right file by --config, and close one of your own (chmod go-w)";
        LineWrong { line: usize, error: Box<Message> } =>
            "строка {line}: {error}",
            "line {line}: {error}";
        SameFile { first: String, second: String, path: String } =>
            "{first} и {second} — один и тот же файл {path}: дайте каждому свой",
            "{first} and {second} are one and the same file, {path}: give each one of its own";
        ConfigurationItself { key: String, path: String } =>
            "{key} — сам файл конфигурации {path}: назовите другой",
            "{key} is the configuration file {path} itself: name another one";
        UnusedState { path: String } =>
            "Состояние {path} рядом со ссылкой не используется: если нужно именно \
             оно, укажите в [state] path полный путь; если нет, уберите его",
            "The state {path} beside the link is not used: if it is the right \
             one, give its full path in [state] path; if not, move it away";
        OutOfBounds { key: String, number: i64, least: u64, most: u64 } =>
            "{key} = {number}: от {least} до {most}",
            "{key} = {number}: from {least} to {most}";
        NoDuration { key: String, text: String } =>
            "{key}: «{text}» не длительность (самое большее год); пишите, например, 90s, 15m или 2h",
            "{key}: \"{text}\" is not a duration of up to a year; write 90s, 15m or 2h";
        WriteBackWithQueries =>
            "[mirror] write_back пишет только в таблицы guests, companies \
             и bookings, а в [mirror.queries] вместо них заданы запросы",
            "[mirror] write_back writes into the tables guests, companies \
             and bookings alone, and [mirror.queries] replaces them";
        NoSuchStatus { code: String, status: String } =>
            "[mirror.statuses] \"{code}\" = \"{status}\": такого статуса нет; бывают \
             temporary, confirmed, checked_in, checked_out, cancelled, no_show",
            "[mirror.statuses] \"{code}\" = \"{status}\": no such status; there \
             are temporary, confirmed, checked_in, checked_out, cancelled, no_show";
        NoSuchEncoding { section: String, name: String } =>
            "{section} encoding = \"{name}\": такой кодировки нет; бывают, \
             например, windows-1251, koi8-r, ibm866. UTF-8 и UTF-16 узнаются сами",
            "{section} encoding = \"{name}\": no such encoding; there are, for example, \
             windows-1251, koi8-r, ibm866. UTF-8 and UTF-16 are recognised by themselves";
        NoDate { text: String } =>
            "[export] bookings_from: «{text}» не дата; пишите, например, 2024-01-01",
            "[export] bookings_from: \"{text}\" is no date; write 2024-01-01";
        ReportWithoutFile { table: String } =>
            "[load.{table}] называет заголовки, а файл отчёта не указан: добавьте его в [load.files] {table}",
            "[load.{table}] names headings, but no report file: add it to [load.files] {table}";
        HeadingWithoutColumn { table: String, heading: String } =>
            "[load.{table}] \"{heading}\": столбец не назван; например \"Фамилия\" = \"last_name\"",
            "[load.{table}] \"{heading}\": no column is named; \
             write, for example, \"Фамилия\" = \"last_name\"";
        OddColumn { table: String, heading: String, column: String } =>
            "[load.{table}] \"{heading}\" = \"{column}\": в имени столбца бывают только буквы, цифры и _",
            "[load.{table}] \"{heading}\" = \"{column}\": a column's name has letters, digits and _ alone";
        HeadingTwice { table: String, heading: String } =>
            "[load.{table}]: заголовок «{heading}» записан дважды; регистр букв и пробелы не различаются",
            "[load.{table}]: the heading \"{heading}\" is written twice; case and blanks make no difference";
        ColumnsUnfilled { table: String, columns: String } =>
            "[load.{table}]: не сказано, какой заголовок отчёта заполняет {columns}",
            "[load.{table}]: no heading of the report fills {columns}";
        KeySplit { table: String, column: String } =>
            "[load.{table}]: столбец {column} заполняется одним заголовком целиком",
            "[load.{table}]: the column {column} is filled by \
             one heading alone, and by the whole of its cell";
        ReportIsOtherFile { key: String, path: String } =>
            "{key} и [load.files] — один и тот же файл {path}: отчёт должен быть своим файлом",
            "{key} and [load.files] are one and the same file, {path}: a report is a file of its own";
        HeartbeatNotHttps =>
            "[monitoring] heartbeat_url: адрес должен начинаться с https://",
            "[monitoring] heartbeat_url: the address must begin with https://";
        MetricsUnread =>
            "[monitoring] metrics_file: имя должно оканчиваться \
             на .prom, других файлов сборщик Prometheus не читает",
            "[monitoring] metrics_file: its name must end with \
             .prom, Prometheus' collector reads no other files";
        NoUser { key: String } =>
            "{key}: укажите id пользователя портала, он больше нуля",
            "{key}: give the id of a user of the portal, which is above zero";
        RatesNotPositive =>
            "[portal] requests_per_second и burst должны быть больше нуля",
            "[portal] requests_per_second and burst must be greater than zero";
        TimeoutZero =>
            "[portal] request_timeout должно быть больше нуля",
            "[portal] request_timeout must be greater than zero";
        OriginatorLength =>
            "[portal] originator_id: от 1 до 255 знаков",
            "[portal] originator_id: from 1 to 255 characters";
        OriginatorUnusable =>
            "[portal] originator_id: «$result» и управляющие знаки не разрешены",
            "[portal] originator_id: \"$result\" and control characters are not allowed";
        TwoWebhooks =>
            "[portal]: задайте либо webhook, либо webhook_file",
            "[portal]: give either webhook or webhook_file";
        NoWebhook =>
            "нет адреса вебхука: задайте [portal] webhook, webhook_file или переменную ECVI_B24_WEBHOOK",
            "no webhook: give [portal] webhook, webhook_file or the variable ECVI_B24_WEBHOOK";
        WebhookFileUnreadable { path: String, remedy: Box<Message> } =>
            "не читается [portal] webhook_file {path}: {remedy}",
            "[portal] webhook_file {path} cannot be read: {remedy}";
        SaveAsUtf8 => "сохраните его как обычный текст (UTF-8)", "save it as plain text (UTF-8)";
        WebhookWrong { key: String, reason: Box<Message> } => "{key}: {reason}", "{key}: {reason}";
        WebhookHasBlank => "в адресе вебхука пробел", "there is a blank in the webhook";
        WebhookNotHttps =>
            "адрес вебхука должен начинаться с https://",
            "the webhook must begin with https://";
        WebhookPort =>
            "порт в адресе вебхука должен быть числом от 1 до 65535",
            "the port of the webhook must be a number from 1 to 65535";
        WebhookHost =>
            "имя портала в адресе вебхука записано неверно",
            "the portal's name in the webhook is malformed";
        WebhookForm =>
            "адрес вебхука должен иметь вид https://ПОРТАЛ/rest/НОМЕР/КОД/ \
             (Битрикс24: Приложения, Разработчикам, Другое, Входящий вебхук)",
            "the webhook must have the form https://PORTAL/rest/NUMBER/CODE/ \
             (Bitrix24: Applications, Developer resources, Other, Inbound webhook)";
        WebhookMisplaced { place: String } =>
            "адрес вебхука стоит не на своём месте{place}: его ключ — [portal] webhook",
            "a webhook's address stands in the wrong place{place}: its key is [portal] webhook";
        FieldNotUpperCase { section: String, field: String } =>
            "{section} {field}: поля портала пишутся большими буквами, например UF_CRM_TARIFF",
            "{section} {field}: fields of the portal are written in capitals, such as UF_CRM_TARIFF";
        FieldOfProgram { section: String, field: String } =>
            "{section} {field}: это поле программа заполняет сама; выберите другое, например UF_CRM_…",
            "{section} {field}: the program fills this field itself; choose another one, such as UF_CRM_…";
        FieldHasKey { section: String, field: String, key: String } =>
            "{section} {field}: для этого поля уже задан ключ {key}; оставьте что-то одно",
            "{section} {field}: the key {key} is given for this field too; leave one of them";
        FieldNotCustom { section: String, field: String } =>
            "{section} {field}: здесь могут стоять только пользовательские поля, например UF_CRM_STAYS",
            "{section} {field}: only custom fields can stand here, such as UF_CRM_STAYS";
        FieldFilledTwice { field: String } =>
            "поле {field} указано и в [contact.fields], и в [contact.stays]; оставьте что-то одно",
            "the field {field} stands in [contact.fields] and in [contact.stays]; leave one of them";
        NoSuchPhoneType { section: String, phone_type: String, known: String } =>
            "[{section}] phone_type: «{phone_type}» портал не знает; бывают {known}",
            "[{section}] phone_type: the portal does not know \"{phone_type}\"; there are {known}";
    }
}
