//! Templates of a deal's title and of comments: `Заявка №{number}[ ({last_name})] {arrival} -
//! {departure}`.
//!
//! A name in braces becomes its value; a part in square brackets is left out when a value in it is
//! empty. Braces and brackets that are nothing of the kind are ordinary text.

use serde::{Deserialize, Serialize};

/// What a template of a deal may name beside the columns of the hotel's own query.
pub const NAMES: [&str; 6] = ["number", "last_name", "arrival", "departure", "amount", "comment"];

/// A template, taken apart. The configuration has it as a text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Value(String),
    Optional(Vec<Part>),
}

impl Template {
    /// Takes a template apart; there is no wrong one.
    pub fn parse(source: &str) -> Template {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((before, group, after)) = optional(rest) {
            parts.extend(values(before));
            parts.push(Part::Optional(values(group)));
            rest = after;
        }
        parts.extend(values(rest));
        Template { source: source.to_owned(), parts }
    }

    /// The text in the configuration.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names that it asks for, in their order.
    pub fn names(&self) -> Vec<&str> {
        names(&self.parts)
    }

    /// The text, with the values by their names.
    pub fn fill(&self, value: &dyn Fn(&str) -> String) -> String {
        fill(&self.parts, value)
    }
}

impl From<String> for Template {
    fn from(source: String) -> Template {
        Template::parse(&source)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.source
    }
}

/// The text before the first group that holds a value, the group, and what follows it.
fn optional(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('[').map(|at| from + at) {
        let close = open + text[open..].find(']')?;
        let group = &text[open + 1..close];
        if values(group).iter().any(|part| matches!(part, Part::Value(_))) {
            return Some((&text[..open], group, &text[close + 1..]));
        }
        from = open + 1;
    }
    None
}

fn values(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        match after.split_once('}') {
            Some((name, after)) if is_name(name) => {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Value(name.to_owned()));
                rest = after;
            }
            _ => {
                plain.push('{');
                rest = after;
            }
        }
    }
    parts.push(Part::Text(plain + rest));
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    parts
}

/// A column's name; Russian ones are names too.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn names(parts: &[Part]) -> Vec<&str> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Value(name) => found.push(name.as_str()),
            Part::Optional(group) => found.extend(names(group)),
        }
    }
    found
}

fn fill(parts: &[Part], value: &dyn Fn(&str) -> String) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(plain) => text.push_str(plain),
            Part::Value(name) => text.push_str(value(name).trim()),
            Part::Optional(group)
                if names(group).iter().any(|name| value(name).trim().is_empty()) => {}
            Part::Optional(group) => text.push_str(&fill(group, value)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, last_name: &str) -> String {
        let value = |name: &str| match name {
            "number" => "3682".to_owned(),
            "last_name" => last_name.to_owned(),
            _ => String::new(),
        };
        Template::parse(template).fill(&value)
    }

    #[test]
    fn a_group_is_left_out_when_its_value_is_empty() {
        assert_eq!(
            filled("Заявка №{number}[ ({last_name})]!", "Приходько"),
            "Заявка №3682 (Приходько)!"
        );
        assert_eq!(filled("Заявка №{number}[ ({last_name})]!", " "), "Заявка №3682!");
    }

    #[test]
    fn braces_and_brackets_that_are_nothing_of_the_kind_are_text() {
        assert_eq!(filled("{ VIP } [x] {number} {} [", "x"), "{ VIP } [x] 3682 {} [");
    }

    #[test]
    fn the_names_are_what_the_mirror_has_to_provide() {
        assert_eq!(
            Template::parse("{number}[ {тариф}] {meal_plan}").names(),
            ["number", "тариф", "meal_plan"]
        );
    }
}
