//! What cannot be read in a report: never a value that may be a person's.

use super::messages;

messages! {
    /// Something in a report that cannot be read.
    pub enum FlawMessage {
        NoId => "нет кода записи (id)", "the record's id is missing";
        Width { found: usize, wanted: usize } =>
            "значений {found}, а заголовков {wanted}; возможно, \
             в тексте есть разделитель или кавычка без пары",
            "{found} values under {wanted} headings; a text may \
             hold the separator, or a quote without its pair";
        Date =>
            "дата не читается; нужен вид 20.05.2026 14:00 или 2026-05-20 14:00, день рождения без времени",
            "the date cannot be read; write 20.05.2026 14:00 or 2026-05-20 14:00, a birthday without a time";
        Amount =>
            "сумма не читается; нужен вид 12 500,00 или 12500.00, без названия валюты",
            "the amount cannot be read; write 12 500,00 or 12500.00, without a currency";
        Status { status: String } =>
            "неизвестный статус «{status}»; добавьте его в [mirror.statuses]",
            "the status \"{status}\" is unknown; add it to [mirror.statuses]";
        Empty => "значения нет; заполните его в Ecvi", "no value; fill it in Ecvi";
        LostLetters =>
            "буквы не читаются; если отчёт в другой кодировке, укажите её в [load] encoding",
            "letters cannot be read; if the report has another encoding, name it in [load] encoding";
        Shortened =>
            "Excel сократил длинное число, часть цифр потеряна; выгрузите столбец как текст",
            "Excel has shortened a long number and lost digits; export the column as text";
        SpreadsheetError =>
            "вместо значения ошибка таблицы; исправьте её и выгрузите отчёт заново",
            "an error of the spreadsheet instead of a value; mend it and export the report again";
        Differing { lines: Vec<u64> } =>
            "у того же кода другие значения (строки: {lines}); какие верны, неизвестно",
            "the same id has other values (lines: {lines}), and nothing tells which are right";
        WhoseAmount { lines: Vec<u64> } =>
            "у заявки есть и другие строки с суммой (строки: {lines}): укажите [load] \
             amount_of = \"room\" (сумма номера) или \"booking\" (сумма заявки)",
            "other rows of the booking have an amount too (lines: {lines}): set [load] \
             amount_of = \"room\" (each its room's) or \"booking\" (all the booking's)";
    }
}
