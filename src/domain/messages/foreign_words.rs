//! The usual words of the operating system, of `SQLite` and of the reader of TOML, in Russian.
//!
//! They end sentences of ours. What is not here stays in English: the portal's words, and whatever
//! is too rare for a table.

use super::Reader;
use crate::domain::language::Language;
use crate::domain::pattern;

/// Words that are always the same.
const WHOLE: &[(&str, &str)] = &[
    // The operating system.
    ("No such file or directory", "нет такого файла или папки"),
    ("Permission denied", "нет прав"),
    ("Operation not permitted", "операция запрещена"),
    ("File exists", "такой файл уже есть"),
    ("Is a directory", "это папка"),
    ("Not a directory", "это не папка"),
    ("No space left on device", "нет места на диске"),
    ("Disk quota exceeded", "исчерпана дисковая квота"),
    ("Read-only file system", "диск подключён только для чтения"),
    ("Input/output error", "ошибка диска"),
    ("File too large", "файл слишком велик"),
    ("File name too long", "имя файла слишком длинное"),
    ("Too many levels of symbolic links", "ссылка ведёт сама на себя"),
    ("Too many open files", "открыто слишком много файлов"),
    ("Cannot allocate memory", "не хватает памяти"),
    ("Stale file handle", "сетевая папка изменилась"),
    ("Connection refused", "соединение отклонено"),
    ("Connection reset by peer", "соединение оборвалось"),
    ("Network is unreachable", "сеть недоступна"),
    ("No route to host", "нет пути к серверу"),
    // SQLite.
    ("unable to open database file", "файл базы не открывается"),
    ("file is not a database", "это не файл SQLite"),
    ("database disk image is malformed", "содержимое файла повреждено"),
    ("attempt to write a readonly database", "файл доступен только для чтения"),
    ("database is locked", "файл занят другой программой"),
    ("database or disk is full", "нет места на диске"),
    ("disk I/O error", "ошибка диска"),
    // TOML.
    ("duplicate key", "ключ записан дважды"),
    ("unclosed table, expected `]`", "не закрыта скобка ]"),
    ("unclosed array table, expected `]]`", "не закрыты скобки ]]"),
    ("unclosed array, expected `]`", "не закрыта скобка ]"),
    ("unclosed inline table, expected `}`", "не закрыта скобка }"),
    ("string values must be quoted, expected literal string", "текст должен стоять в кавычках"),
    ("key with no value, expected `=`", "после ключа нет знака ="),
];

/// Words around names, which are between the parts of the first text.
const WITH_NAMES: &[(&str, &str)] = &[
    // SQLite shows the whole query behind its words where it knows the place in it.
    ("no such table: * in * at offset *", "нет таблицы *"),
    ("no such table: *", "нет таблицы *"),
    ("no such column: * in * at offset *", "нет столбца *"),
    ("no such column: *", "нет столбца *"),
    ("near \"*\": syntax error in * at offset *", "ошибка в запросе около «*»"),
    ("near \"*\": syntax error", "ошибка в запросе около «*»"),
    ("unknown field `*`, expected one of *", "неизвестный ключ *; бывают *"),
    ("unknown field `*`, expected *", "неизвестный ключ *; бывает *"),
    ("unknown variant `*`, expected one of *", "значение «*» не подходит; бывают *"),
    ("unknown variant `*`, expected `*` or `*`", "значение «*» не подходит; бывают * и *"),
    ("missing field `*`", "нет обязательного раздела или ключа *"),
    ("invalid type: string \"*\", expected *", "текст «*» здесь не подходит, нужно: *"),
    ("invalid type: integer `*`, expected *", "число * здесь не подходит, нужно: *"),
    ("invalid type: floating point `*`, expected *", "число * здесь не подходит, нужно: *"),
    ("invalid type: boolean `*`, expected *", "значение * здесь не подходит, нужно: *"),
    ("invalid type: map, expected *", "раздел здесь не подходит, нужно: *"),
    ("invalid type: sequence, expected *", "список здесь не подходит, нужно: *"),
    ("invalid value: integer `*`, expected *", "число * здесь не подходит, нужно: *"),
];

/// What a value has to be, as the reader of TOML calls it.
const WANTED: &[(&str, &str)] = &[
    ("a string", "текст в кавычках"),
    ("path string", "путь в кавычках"),
    ("a boolean", "true или false"),
    ("f64", "число"),
    ("i64", "целое число"),
    ("u32", "целое число не меньше нуля"),
    ("u64", "целое число не меньше нуля"),
    ("a sequence", "список в скобках []"),
    ("a map", "раздел"),
];

/// The words for this reader, on one line. A page shows known ones alone.
pub(super) fn shown(words: &str, reader: Reader) -> String {
    let russian = in_russian(words);
    let known = russian.as_ref().map(|_| words);
    match (reader.language, &russian) {
        (Language::Ru, Some(russian)) => reader.words(russian, Some(russian)),
        (Language::Ru | Language::En, _) => reader.words(words, known),
    }
}

/// The words in Russian; none where they are not known.
fn in_russian(words: &str) -> Option<String> {
    let words = without_number(words);
    if let Some((_, russian)) = WHOLE.iter().find(|(english, _)| *english == words) {
        return Some((*russian).to_owned());
    }
    pattern::translated(words, WITH_NAMES, wanted)
}

/// `Permission denied (os error 13)` -> `Permission denied`
fn without_number(words: &str) -> &str {
    words.split_once(" (os error ").map_or(words, |(words, _)| words)
}

fn wanted(name: &str) -> String {
    let known = WANTED.iter().find(|(english, _)| *english == name);
    known.map_or(name, |(_, russian)| russian).replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_words_are_said_in_russian() {
        for (english, russian) in [
            ("Permission denied (os error 13)", "нет прав"),
            ("no such table: companies", "нет таблицы companies"),
            ("near \"FORM\": syntax error", "ошибка в запросе около «FORM»"),
            (
                "unknown field `x`, expected one of `path`, `encoding`",
                "неизвестный ключ x; бывают path, encoding",
            ),
            (
                "unknown variant `x`, expected `import` or `add`",
                "значение «x» не подходит; бывают import и add",
            ),
            (
                "invalid type: integer `5`, expected path string",
                "число 5 здесь не подходит, нужно: путь в кавычках",
            ),
            ("missing field `mirror`", "нет обязательного раздела или ключа mirror"),
        ] {
            assert_eq!(in_russian(english).as_deref(), Some(russian), "{english}");
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for words in ["ERROR_CORE: Поле обязательно", "no such table", "unknown field x", ""]
        {
            assert_eq!(in_russian(words), None, "{words}");
        }
    }

    #[test]
    fn what_files_and_tables_really_say_is_known() {
        let missing = std::fs::read("/nonexistent/file").unwrap_err().to_string();
        assert!(in_russian(&missing).is_some(), "{missing}");
        let database = rusqlite::Connection::open_in_memory().unwrap();
        for (query, russian) in [
            ("SELECT * FROM gone", "нет таблицы gone"),
            ("SELECT gone FROM sqlite_master", "нет столбца gone"),
            ("SELECT * FORM gone", "ошибка в запросе около «FORM»"),
        ] {
            let words = database.prepare(query).unwrap_err().to_string();
            assert_eq!(in_russian(&words).as_deref(), Some(russian), "{words}");
        }
        for text in ["x = [1", "[x", "x = abc", "x = 1\nx = 2", "x", "x = {a = 1"] {
            let error = toml::from_str::<toml::Table>(text).unwrap_err();
            assert!(in_russian(error.message()).is_some(), "{text}: {}", error.message());
        }
    }
}
