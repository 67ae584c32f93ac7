//! What the program says about report files and about filling the mirror from them.

use super::{Message, messages};

messages! {
    /// Report files, their rows, and what `load` made of them.
    pub enum LoadMessage => Mirror {
        NothingToLoad =>
            "в конфигурации нет отчётов: укажите файлы в [load.files] и их заголовки в \
             [load.guests], [load.companies], [load.bookings], например:\n\
             [load.files]\nguests = \"guests.csv\"\n\
             [load.guests]\n\"Код\" = \"id\"\n\"Фамилия\" = \"last_name\"",
            "the configuration names no reports: write the files into [load.files], and their \
             headings into [load.guests], [load.companies], [load.bookings], for example:\n\
             [load.files]\nguests = \"guests.csv\"\n\
             [load.guests]\n\"Код\" = \"id\"\n\"Фамилия\" = \"last_name\"";
        ReportMissing { path: String } =>
            "отчёт {path} не найден: проверьте [load.files] и выгрузку из Ecvi",
            "there is no report {path}: check [load.files] and the export from Ecvi";
        ReportDenied { path: String } =>
            "нет права читать отчёт {path}: дайте это право пользователю, от имени которого идут запуски",
            "no permission to read the report {path}: grant it to the user who runs the program";
        ReportUnreadable { path: String, error: Box<Message> } =>
            "отчёт {path} не читается ({error}): проверьте диск и выгрузку из Ecvi",
            "the report {path} cannot be read ({error}): check the disk and the export from Ecvi";
        ReportNoFile { path: String } =>
            "отчёт {path} — не файл: укажите в [load.files] файл CSV или XLSX",
            "the report {path} is no file: name a CSV or XLSX file in [load.files]";
        ReportChanging { path: String } =>
            "отчёт {path} менялся, пока его читали; зеркало осталось \
             прежним, следующий запуск прочитает отчёт снова",
            "the report {path} changed while it was read; the mirror \
             is as it was, the next run reads the report again";
        ReportCut { path: String, line: u64, table: String } =>
            "отчёт {path} обрывается в строке {line}: похоже, его ещё записывают \
             или выгрузка прервалась. Зеркало осталось прежним. Выгрузите отчёт \
             заново; если он верен: ecvi-b24 load --trust {table}",
            "the report {path} breaks off in line {line}: it seems to be still \
             written, or its export was interrupted. The mirror is as it was. \
             Export the report again; if it is right: ecvi-b24 load --trust {table}";
        LastLineCut { path: String, table: String } =>
            "последняя строка отчёта {path} не закончена, а раньше он кончался переводом \
             строки: похоже, его ещё записывают или выгрузка прервалась. Зеркало осталось \
             прежним. Выгрузите отчёт заново; если он верен: ecvi-b24 load --trust {table}",
            "the last line of the report {path} has no end, and it had one before: it \
             seems to be still written, or its export was interrupted. The mirror is as it \
             was. Export the report again; if it is right: ecvi-b24 load --trust {table}";
        ReportEmpty { path: String, table: String } =>
            "отчёт {path} пуст, в нём нет даже заголовков. Зеркало осталось прежним. Выгрузите \
             отчёт заново; если в нём и правда ничего нет: ecvi-b24 load --trust {table}",
            "the report {path} is empty, even its headings are missing. The mirror is as it was. \
             Export the report again; if there is nothing indeed: ecvi-b24 load --trust {table}";
        ReportEmptied { file: String, table: String, before: u64 } =>
            "в отчёте {file} не осталось ни одной строки, а в зеркале их \
             {before} ({table}). Зеркало осталось прежним. Выгрузите отчёт \
             заново; если строк и правда нет: ecvi-b24 load --trust {table}",
            "the report {file} has no row left, and the mirror has {before} \
             ({table}). The mirror is as it was. Export the report again; \
             if there are none indeed: ecvi-b24 load --trust {table}";
        ReportShrunken { file: String, table: String, before: u64, lost: u64 } =>
            "в отчёте {file} нет {lost} из {before} строк зеркала ({table}), это \
             больше трети. Зеркало осталось прежним. Если отчёт содержит только \
             часть строк: ecvi-b24 load --partial {table}; если они и правда \
             удалены: ecvi-b24 load --trust {table}; иначе выгрузите его заново",
            "the report {file} lacks {lost} of the {before} rows of the mirror \
             ({table}), more than a third. The mirror is as it was. If the report \
             holds some of the rows alone: ecvi-b24 load --partial {table}; if they \
             are gone indeed: ecvi-b24 load --trust {table}; else export it again";
        NoWorkbook { path: String, error: Box<Message> } =>
            "отчёт {path} не открывается как таблица Excel ({error}): похоже, его ещё \
             записывают или файл повреждён. Зеркало осталось прежним. Выгрузите отчёт заново",
            "the report {path} cannot be opened as a workbook ({error}): it seems to be \
             still written, or is damaged. The mirror is as it was. Export the report again";
        WebPage { path: String } =>
            "отчёт {path} — веб-страница (HTML), а не таблица: выгрузите его \
             как CSV или XLSX, или откройте в Excel и сохраните как XLSX",
            "the report {path} is a web page (HTML) and no table: export \
             it as CSV or XLSX, or open it in Excel and save it as XLSX";
        HeadingsMissing { path: String, section: String, missing: String, present: String, line: u64 } =>
            "в отчёте {path} нет столбцов {missing}. Его заголовки (строка \
             {line}): {present}. Исправьте [load.{section}] или выгрузку",
            "the report {path} has no columns {missing}. Its headings (line \
             {line}): {present}. Correct [load.{section}] or the export";
        HeadingDoubled { path: String, heading: String, columns: String, line: u64 } =>
            "в отчёте {path} заголовок {heading} стоит дважды (строка {line}, столбцы \
             {columns}): какой из них верен, неизвестно. Переименуйте один в выгрузке",
            "the report {path} has the heading {heading} twice (line {line}, columns \
             {columns}), and nothing tells which is right. Rename one in the export";
        NoHeadings { path: String, wanted: String } =>
            "в отчёте {path} нет строки заголовков: ни один из \
             {wanted} не найден. Выгрузите отчёт с заголовками",
            "the report {path} has no line of headings: none of \
             {wanted} was found. Export it with its headings";
        OtherHeadings { path: String, wanted: String, present: String, draft: Box<Message> } =>
            "в отчёте {path} нет ни одного из заголовков {wanted}. Его заголовки: {present}. \
             Запишите в конфигурацию, какой из них какой столбец, например:\n{draft}",
            "the report {path} has none of the headings {wanted}. Its headings: {present}. \
             Write into the configuration which is which column, for example:\n{draft}";
        RowFlaw { file: String, line: u64, flaw: Box<Message> } =>
            "{file}, строка {line}: {flaw}",
            "{file}, line {line}: {flaw}";
        CellFlaw { file: String, line: u64, heading: String, flaw: Box<Message> } =>
            "{file}, строка {line}, «{heading}»: {flaw}",
            "{file}, line {line}, \"{heading}\": {flaw}";
        MoreFlaws { file: String, count: u64 } =>
            "{file}: и ещё {count}",
            "{file}: and {count} more";
        HiddenRows { file: String, count: u64 } =>
            "{file}: строк, у которых неизвестен код: {count}. Пока они есть, из зеркала ничего не удаляется",
            "{file}: rows whose id is unknown: {count}. As long \
             as there are any, nothing is removed from the mirror";
        OtherFiller { path: String } =>
            "зеркало {path} наполняет другая программа: load в него не \
             пишет. Укажите в [mirror] path новый файл или уберите этот",
            "the mirror {path} is filled by another program: load does not write \
             into it. Name a new file in [mirror] path, or move this one away";
        MirrorIsLink { path: String, target: String } =>
            "зеркало {path} — ссылка на {target}: через ссылку load не пишет. \
             Укажите в [mirror] path сам файл",
            "the mirror {path} is a link to {target}: load does not write through a link. \
             Name the file itself in [mirror] path";
        Interrupted { path: String } =>
            "прервано; зеркало {path} осталось прежним",
            "interrupted; the mirror {path} is as it was";
        MirrorDenied { path: String, remedy: Box<Message> } =>
            "зеркало {path} не записывается: нет прав на файл или его папку; {remedy}",
            "the mirror {path} cannot be written: no permission for the file or its folder; {remedy}";
        MirrorNotMade { path: String, error: Box<Message>, remedy: Box<Message> } =>
            "не удалось создать зеркало {path} ({error}): {remedy}",
            "the mirror {path} cannot be made ({error}): {remedy}";
        DiskFull { path: String } =>
            "нет места на диске для зеркала {path}; оно осталось прежним. Освободите место",
            "no space for the mirror {path}; it is as it was. Free the disk";
        GuestsWhoStay => "проживающие", "guests who stay";
        New { tables: String } => "новых: {tables}", "new: {tables}";
        Changed { tables: String } => "изменено: {tables}", "changed: {tables}";
        Gone { tables: String } => "удалено: {tables}", "gone: {tables}";
        Unreadable { tables: String } => "не прочитано строк: {tables}", "unreadable rows: {tables}";
        NothingChanged { tables: String } =>
            "изменений нет; в отчётах: {tables}",
            "nothing changed; in the reports: {tables}";
        TablePlan { table: Box<Message>, file: String, new: u64, changed: u64, gone: u64, unreadable: u64 } =>
            "{table} ({file}): новых {new}, изменено {changed}, удалено {gone}, не прочитано {unreadable}",
            "{table} ({file}): new {new}, changed {changed}, gone {gone}, unreadable {unreadable}";
        MoreChanges { count: u64 } => "и ещё {count}", "and {count} more";
        NothingWritten => "Ничего не записано (--dry-run).", "Nothing was written (--dry-run).";
        BookingNumber { number: String } => "заявка №{number}", "booking {number}";
        GuestOfBooking { guest: String, booking: String } =>
            "гость {guest} в заявке с id {booking}",
            "guest {guest} in the booking with id {booking}";
    }
}
