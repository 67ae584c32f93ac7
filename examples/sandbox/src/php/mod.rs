//! Values as a PHP server holds them: one ordered array type for lists and maps, and casts that
//! never fail.
//!
//! The portal's odd habits (`{}` and `[]` are the same, an array cast to an integer is 1, a numeric
//! name becomes an index) are habits of this type, so the rest of the sandbox only has to use it.

mod json;
mod query;

pub(crate) use query::{parse_query, split_at_first, split_command};

/// A value of a PHP program.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Php {
    /// Nothing, and what was never set.
    #[default]
    Null,
    /// `true` or `false`, without quotes in JSON.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// A number with a fraction; whole ones are written without a point.
    Float(f64),
    /// A text: nearly everything that the legacy methods write.
    Str(String),
    /// An ordered array; a list is one whose keys are 0, 1, 2...
    Array(Vec<(String, Php)>),
}

pub(crate) static NULL: Php = Php::Null;

impl Php {
    /// An array with these keys, in this order.
    pub fn map<K: Into<String>, V: Into<Php>>(entries: impl IntoIterator<Item = (K, V)>) -> Php {
        Php::Array(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// An array with the keys 0, 1, 2...
    pub fn list<V: Into<Php>>(items: impl IntoIterator<Item = V>) -> Php {
        Php::map(items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)))
    }

    /// An array without entries, `[]` in JSON.
    pub fn empty() -> Php {
        Php::Array(Vec::new())
    }

    /// The keys and values of an array; none for anything else.
    pub fn entries(&self) -> &[(String, Php)] {
        if let Php::Array(entries) = self { entries } else { &[] }
    }

    /// The values of an array; none for anything else.
    pub fn values(&self) -> impl Iterator<Item = &Php> {
        self.entries().iter().map(|(_, value)| value)
    }

    /// The value under this key, if there is one.
    pub fn find(&self, key: &str) -> Option<&Php> {
        let (_, value) = self.entries().iter().find(|(name, _)| name == key)?;
        Some(value)
    }

    /// The value under this key, `null` when there is none.
    pub fn get(&self, key: &str) -> &Php {
        self.find(key).unwrap_or(&NULL)
    }

    /// The argument of this name: top-level names of a call are case-insensitive (facts, section
    /// 1.1).
    pub fn argument(&self, name: &str) -> &Php {
        match self.entries().iter().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            Some((_, value)) => value,
            None => &NULL,
        }
    }

    /// Puts a value under a key, keeping the place of a key that is there already.
    pub fn set(&mut self, key: &str, value: impl Into<Php>) {
        if !self.is_array() {
            *self = Php::empty();
        }
        if let Php::Array(entries) = self {
            match entries.iter_mut().find(|(name, _)| name == key) {
                Some(entry) => entry.1 = value.into(),
                None => entries.push((key.to_owned(), value.into())),
            }
        }
    }

    /// Whether this is an array, be it a list or a map.
    pub fn is_array(&self) -> bool {
        matches!(self, Php::Array(_))
    }

    /// Whether this is `null`, as what is missing is.
    pub fn is_null(&self) -> bool {
        matches!(self, Php::Null)
    }

    /// Whether nothing is in it: `null`, an empty text, an empty array.
    pub fn is_blank(&self) -> bool {
        match self {
            Php::Null => true,
            Php::Str(text) => text.is_empty(),
            Php::Array(entries) => entries.is_empty(),
            Php::Bool(_) | Php::Int(_) | Php::Float(_) => false,
        }
    }

    /// `(string)$value`: an array is the word `Array`.
    pub fn text(&self) -> String {
        match self {
            Php::Null | Php::Bool(false) => String::new(),
            Php::Bool(true) => "1".to_owned(),
            Php::Int(number) => number.to_string(),
            Php::Float(number) => number.to_string(),
            Php::Str(text) => text.clone(),
            Php::Array(_) => "Array".to_owned(),
        }
    }

    /// `Y` or `N`, as the portal writes a flag.
    pub(crate) fn yes_no(yes: bool) -> Php {
        Php::from(if yes { "Y" } else { "N" })
    }

    /// Whether this is the text `Y`.
    pub(crate) fn is_yes(&self) -> bool {
        self.text() == "Y"
    }

    /// The values of an array as texts; none for anything else.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.values().map(Php::text).collect()
    }

    /// The values of an array as texts; of anything else its own text.
    pub(crate) fn all_texts(&self) -> Vec<String> {
        if self.is_array() { self.texts() } else { vec![self.text()] }
    }

    /// The number that a text spells; `None` where it is not one as a whole.
    pub(crate) fn number(&self) -> Option<f64> {
        self.text().trim().parse().ok()
    }

    /// The id that this is, by `(int)$value`; ids begin at 1.
    pub(crate) fn positive_id(&self) -> Option<u64> {
        let id = u64::try_from(self.int()).ok()?;
        if id > 0 { Some(id) } else { None }
    }

    /// `(int)$value`: the leading digits of a text; a filled array is 1.
    pub fn int(&self) -> i64 {
        match self {
            Php::Null | Php::Bool(false) => 0,
            Php::Bool(true) => 1,
            Php::Int(number) => *number,
            Php::Float(number) => *number as i64,
            Php::Str(text) => leading_int(text),
            Php::Array(entries) => i64::from(!entries.is_empty()),
        }
    }

    /// `(bool)$value`: no for an empty text, `0`, and an empty array.
    pub fn truthy(&self) -> bool {
        match self {
            Php::Str(text) => !matches!(text.as_str(), "" | "0"),
            Php::Float(number) => *number != 0.0,
            Php::Null | Php::Bool(_) | Php::Int(_) | Php::Array(_) => self.int() != 0,
        }
    }
}

fn leading_int(text: &str) -> i64 {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].chars().take_while(char::is_ascii_digit).count();
    text[..sign + digits].parse().unwrap_or(0)
}

impl From<&str> for Php {
    fn from(text: &str) -> Php {
        Php::Str(text.to_owned())
    }
}

impl From<String> for Php {
    fn from(text: String) -> Php {
        Php::Str(text)
    }
}

impl From<bool> for Php {
    fn from(value: bool) -> Php {
        Php::Bool(value)
    }
}

impl From<i64> for Php {
    fn from(number: i64) -> Php {
        Php::Int(number)
    }
}

impl From<u64> for Php {
    fn from(number: u64) -> Php {
        Php::Int(number.cast_signed())
    }
}

impl From<f64> for Php {
    fn from(number: f64) -> Php {
        Php::Float(number)
    }
}

impl<T: Into<Php>> From<Option<T>> for Php {
    fn from(value: Option<T>) -> Php {
        match value {
            Some(value) => value.into(),
            None => Php::Null,
        }
    }
}
