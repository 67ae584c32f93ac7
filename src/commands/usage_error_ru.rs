//! What clap says of a command line that makes no sense, in Russian, line by line.

use super::help_ru::with_russian_frame;
use crate::domain::pattern;

/// Lines of clap with names in them, the longer ones first.
const LINES: &[(&str, &str)] = &[
    ("error: unrecognized subcommand '*'", "ecvi-b24: нет команды «*»"),
    ("  tip: a similar subcommand exists: '*'", "  похожая команда: *"),
    ("  tip: some similar subcommands exist: *", "  похожие команды: *"),
    ("error: unexpected argument '*' found", "ecvi-b24: лишний аргумент «*»"),
    ("  tip: a similar argument exists: '*'", "  похожий ключ: *"),
    ("  tip: to pass '*' as a value, use '-- *'", "  если это значение: -- *"),
    ("error: invalid value '*' for '*': *", "ecvi-b24: значение «*» для * не подходит: *"),
    ("error: invalid value '*' for '*'", "ecvi-b24: значение «*» для * не подходит"),
    ("  tip: a similar value exists: '*'", "  похожее значение: *"),
    ("  tip: some similar values exist: *", "  похожие значения: *"),
    ("  [possible values: *]", "  возможно: *"),
    (
        "error: the following required arguments were not provided:",
        "ecvi-b24: в команде не хватает:",
    ),
    ("error: a value is required for '*' but none was supplied", "ecvi-b24: для * нужно значение"),
    (
        "error: * values required for '*' but * was provided",
        "ecvi-b24: значений нужно * (*), а дано *",
    ),
    (
        "error: * values required for '*' but * were provided",
        "ecvi-b24: значений нужно * (*), а дано *",
    ),
    ("error: the argument '*' cannot be used with '*'", "ecvi-b24: * и * вместе не задаются"),
    ("error: the argument '*' cannot be used with:", "ecvi-b24: * не задаётся вместе с:"),
    (
        "error: the argument '*' cannot be used multiple times",
        "ecvi-b24: * задаётся только один раз",
    ),
    ("For more information, try '*'.", "Подробнее: *"),
];

/// Why a value does not do.
const REASONS: &[(&str, &str)] = &[
    ("invalid digit found in string", "нужно целое число"),
    ("cannot parse integer from empty string", "нужно целое число"),
    ("number too large to fit in target type", "число слишком велико"),
    ("expected number at 0", "нужна длительность, например 90s, 15m или 2h"),
    ("NAME=VALUE is wanted", "нужно ИМЯ=ЗНАЧЕНИЕ"),
];

/// The message with all its lines in Russian.
pub(super) fn translated(message: &str) -> String {
    let lines: Vec<String> = message.lines().map(line).collect();
    with_russian_frame(&lines.join("\n")) + "\n"
}

fn line(line: &str) -> String {
    pattern::translated(line, LINES, reason).unwrap_or_else(|| line.to_owned())
}

fn reason(name: &str) -> String {
    let known = REASONS.iter().find(|(english, _)| *english == name);
    known.map_or(name, |(_, russian)| russian).to_owned()
}
