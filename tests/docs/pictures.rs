//! The pictures of the terminal in the README: drawn from what the program says, a line of text for
//! a line of output.

use std::fmt::Write;

use crate::assert_current;
use crate::terminal::Hotel;

/// Columns of the terminal, at least and at most; what is longer goes on in the next line, as
/// there.
const COLUMNS: [usize; 2] = [80, 108];
const COLUMN: f64 = 8.0;
const LINE: usize = 20;
/// Left and right of the text, and below it.
const MARGIN: usize = 16;
/// The window's upper edge.
const TOP: usize = 44;

/// Which commands are drawn, and under which name; the others happen between them.
const STORY: [(&str, Option<&str>); 5] = [
    ("ecvi-b24 check", Some("check")),
    ("ecvi-b24 initial-export", None),
    ("ecvi-b24 sync --dry-run", Some("dry-run")),
    ("ecvi-b24 sync", None),
    ("ecvi-b24 status", Some("status")),
];

#[test]
fn the_pictures_show_what_the_program_says() {
    for (language, lang) in [("en", "en_US.UTF-8"), ("ru", "ru_RU.UTF-8")] {
        let hotel = Hotel::new();
        for (command, picture) in STORY {
            let said = hotel.says(command, lang);
            if let Some(name) = picture {
                assert_current(
                    &format!("docs/pictures/{name}.{language}.svg"),
                    &draw(command, &said),
                );
            }
        }
    }
}

/// A terminal's window with a command and its output. The width of each line is fixed, whatever the
/// reader's font.
fn draw(command: &str, said: &str) -> String {
    let lines: Vec<String> = said.trim_end().lines().flat_map(wrapped).collect();
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let width = longest.max(COLUMNS[0]) * COLUMN as usize + 2 * MARGIN;
    let height = TOP + (lines.len() + 1) * LINE + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>text {{ font: 13px 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #d8dee9; white-space: pre }}\n\
         .typed {{ fill: #a3be8c }}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#242933\"/>\n"
    );
    for (at, colour) in ["#bf616a", "#ebcb8b", "#a3be8c"].into_iter().enumerate() {
        writeln!(svg, "<circle cx=\"{}\" cy=\"18\" r=\"6\" fill=\"{colour}\"/>", 22 + at * 20)
            .unwrap();
    }
    svg += &text(0, &format!("$ {command}"), " class=\"typed\"");
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        svg += &text(at + 1, line, "");
    }
    svg + "</svg>\n"
}

fn text(at: usize, line: &str, class: &str) -> String {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let line = line.trim_start();
    let (x, y) = (MARGIN as f64 + indent as f64 * COLUMN, TOP + at * LINE + LINE / 2);
    let length = line.chars().count() as f64 * COLUMN;
    let line = line.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<text{class} x=\"{x}\" y=\"{y}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">{line}</text>\n"
    )
}

fn wrapped(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    if characters.is_empty() {
        return vec![String::new()];
    }
    characters.chunks(COLUMNS[1]).map(|part| part.iter().collect()).collect()
}
