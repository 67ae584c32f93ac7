//! Phones and e-mails: rows of their own in the portal, each with an id.
//!
//! A value that we wrote is replaced, also where the portal reformatted it; values that people
//! added stay. If people changed our value into another one, theirs stays and ours is written
//! again. The portal appends a row without an id, so a change names the id of the row that it
//! replaces.

use serde_json::{Value, json};

use crate::mapping::contact_value::{Phone, email};

/// A phone or an e-mail on a card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MultifieldRow {
    /// The portal's id of the row.
    pub id: String,
    /// The phone number or the e-mail address.
    pub value: String,
    /// `WORK`, `HOME` and the like.
    pub value_type: String,
}

/// Which of the two fields: they differ in which spellings mean the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// Phone numbers, in `PHONE`.
    Phones,
    /// E-mail addresses, in `EMAIL`.
    Emails,
}

impl Values {
    /// Whether two texts mean one number, or one address.
    pub(crate) fn mean_the_same(self, a: &str, b: &str) -> bool {
        match self {
            Values::Phones => Phone::read(a).equals(&Phone::read(b)),
            Values::Emails => email(a) == email(b),
        }
    }

    /// Whether `cut` is the number without its extension.
    fn is_cut_to(self, value: &str, cut: &str) -> bool {
        match self {
            Values::Phones => Phone::read(value).is_cut_to(&Phone::read(cut)),
            Values::Emails => false,
        }
    }
}

/// The phones, or the e-mails, of one record beside those of its card.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Whether they are phones or e-mails.
    pub values: Values,
    /// The values that Ecvi has now.
    pub wanted: &'a [String],
    /// The values that we wrote before, as we spelled them.
    pub written: &'a [String],
    /// The rows on the card.
    pub existing: &'a [MultifieldRow],
    /// The type of the rows that we write.
    pub value_type: &'a str,
}

/// A change of a card's rows to the wanted values.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// The elements of `PHONE` or `EMAIL`; none where nothing has to change.
    pub elements: Vec<Value>,
    /// The values that are ours afterwards.
    pub ours: Vec<String>,
}

impl<'a> Beside<'a> {
    /// The change that is needed.
    pub fn diff_rows(&self) -> Change {
        let mut outdated = self.outdated().into_iter();
        let mut change = Change { elements: Vec::new(), ours: Vec::new() };
        for value in self.wanted {
            match self.row_of(value) {
                None => change.elements.push(self.element(outdated.next(), value)),
                // It was on the card before us, or people added it.
                Some(_) if !self.is_written(value) => continue,
                Some(row) if self.is_respelled(row, value) => {
                    change.elements.push(self.element(Some(row), value));
                }
                Some(_) => {}
            }
            change.ours.push(value.clone());
        }
        change.elements.extend(outdated.map(|row| json!({"ID": row.id, "DELETE": "Y"})));
        change
    }

    /// The wanted values that no row has, in any spelling.
    pub fn missing(&self) -> Vec<&'a str> {
        let mut missing = Vec::new();
        for value in self.wanted {
            if self.row_of(value).is_none() {
                missing.push(value.as_str());
            }
        }
        missing
    }

    /// The rows of values that are ours and not wanted any more, each once.
    pub fn outdated(&self) -> Vec<&'a MultifieldRow> {
        let mut rows: Vec<&MultifieldRow> = Vec::new();
        for value in self.written.iter().filter(|value| !self.is_wanted(value)) {
            let row = self.find(value, |row| !rows.iter().any(|known| known.id == row.id));
            rows.extend(row);
        }
        rows
    }

    /// The row that has a wanted value.
    fn row_of(&self, value: &str) -> Option<&'a MultifieldRow> {
        let row = self.find(value, |_| true)?;
        let is_whole = self.values.mean_the_same(&row.value, value);
        // A card that has only the number of a switchboard still gets the extension.
        (is_whole || self.is_written(value)).then_some(row)
    }

    /// The row that means the value, best in the same spelling and of our type; else a row from
    /// which a robot removed the extension.
    fn find(
        &self,
        value: &str,
        is_free: impl Fn(&MultifieldRow) -> bool,
    ) -> Option<&'a MultifieldRow> {
        let free = self.existing.iter().filter(|row| is_free(row));
        let same = free.clone().filter(|row| self.values.mean_the_same(&row.value, value));
        let best = same.min_by_key(|row| (row.value != value, row.value_type != self.value_type));
        best.or_else(|| {
            free.clone()
                .find(|row| self.values.is_cut_to(value, &row.value) && !self.is_wanted(&row.value))
        })
    }

    fn is_wanted(&self, value: &str) -> bool {
        self.wanted.iter().any(|wanted| self.values.mean_the_same(wanted, value))
    }

    fn is_written(&self, value: &str) -> bool {
        self.written.iter().any(|written| self.values.mean_the_same(written, value))
    }

    /// Whether Ecvi spells the value in another way now, and the row still has our old spelling.
    fn is_respelled(&self, row: &MultifieldRow, value: &str) -> bool {
        row.value != value && self.written.contains(&row.value)
    }

    fn element(&self, row: Option<&MultifieldRow>, value: &str) -> Value {
        match row {
            Some(row) => json!({"ID": row.id, "VALUE": value, "VALUE_TYPE": self.value_type}),
            None => json!({"VALUE": value, "VALUE_TYPE": self.value_type}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    /// Rows of the type WORK, with their ids.
    fn rows(values: &[(&str, &str)]) -> Vec<MultifieldRow> {
        let row = |(id, value): &(&str, &str)| MultifieldRow {
            id: (*id).into(),
            value: (*value).into(),
            value_type: "WORK".into(),
        };
        values.iter().map(row).collect()
    }

    fn phones(wanted: &[&str], written: &[&str], existing: &[MultifieldRow]) -> Change {
        values(Values::Phones, wanted, written, existing)
    }

    fn values(
        values: Values,
        wanted: &[&str],
        written: &[&str],
        existing: &[MultifieldRow],
    ) -> Change {
        let (wanted, written) = (texts(wanted), texts(written));
        Beside { values, wanted: &wanted, written: &written, existing, value_type: "WORK" }
            .diff_rows()
    }

    fn replaced(id: &str, value: &str) -> Value {
        json!({"ID": id, "VALUE": value, "VALUE_TYPE": "WORK"})
    }

    #[test]
    fn our_value_is_replaced_by_its_row_id() {
        let change = phones(&["+72"], &["+71"], &rows(&[("5", "+71")]));
        assert_eq!(change.elements, [replaced("5", "+72")]);
        assert_eq!(change.ours, ["+72"]);
    }

    #[test]
    fn our_value_is_replaced_where_a_robot_reformatted_it() {
        let reformatted = rows(&[("5", "+79123456789"), ("6", "+7 people")]);
        let change = phones(&["8 (912) 000-00-00"], &["8 (912) 345-67-89"], &reformatted);
        assert_eq!(change.elements, [replaced("5", "8 (912) 000-00-00")]);
        let lower = rows(&[("7", "a@x.ru")]);
        assert_eq!(
            values(Values::Emails, &["B@x.ru"], &["A@X.ru"], &lower).elements,
            [replaced("7", "B@x.ru")]
        );
    }

    #[test]
    fn a_value_that_a_robot_reformatted_is_left_as_it_stands() {
        for existing in ["+79123456789", "tel:+7 912 345-67-89", "89123456789"] {
            let number = "8 (912) 345-67-89";
            let change = phones(&[number], &[number], &rows(&[("5", existing)]));
            assert_eq!(change, Change { elements: vec![], ours: texts(&[number]) }, "{existing}");
        }
    }

    #[test]
    fn a_number_whose_extension_a_robot_cut_off_is_neither_doubled_nor_lost() {
        let ours = "+7 812 999-93-31 доб. 12";
        let cut = rows(&[("5", "+78129999331")]);
        assert_eq!(
            phones(&[ours], &[ours], &cut),
            Change { elements: vec![], ours: texts(&[ours]) }
        );
        assert_eq!(phones(&["112"], &[ours], &cut).elements, [replaced("5", "112")]);
        assert_eq!(phones(&[ours], &["8 812 999-93-31"], &cut).elements, [replaced("5", ours)]);
    }

    #[test]
    fn a_spelling_that_changes_in_ecvi_changes_the_row_that_reads_as_we_wrote_it() {
        let change = phones(&["+79123456789"], &["89123456789"], &rows(&[("5", "89123456789")]));
        assert_eq!(change.elements, [replaced("5", "+79123456789")]);
    }

    #[test]
    fn a_value_that_people_added_stays() {
        let change = phones(&[], &["+71"], &rows(&[("5", "+71"), ("6", "+7 people")]));
        assert_eq!(change.elements, [json!({"ID": "5", "DELETE": "Y"})]);
        assert!(change.ours.is_empty());
    }

    #[test]
    fn the_same_number_of_another_type_is_peoples_and_stays() {
        let mut existing = rows(&[("4", "+79123456789"), ("5", "89123456789")]);
        existing[0].value_type = "HOME".into();
        assert_eq!(
            phones(&["+72"], &["8 912 345-67-89"], &existing).elements,
            [replaced("5", "+72")]
        );
    }

    #[test]
    fn if_people_changed_our_value_theirs_stays_and_ours_is_written_anew() {
        let change = phones(&["+71"], &["+71"], &rows(&[("5", "+7 people")]));
        assert_eq!(change.elements, [json!({"VALUE": "+71", "VALUE_TYPE": "WORK"})]);
        assert_eq!(change.ours, ["+71"]);
    }

    #[test]
    fn what_stood_there_before_us_counts_as_peoples_in_any_spelling() {
        let change = phones(&["+79123456789"], &[], &rows(&[("5", "8 912 345-67-89")]));
        assert_eq!(change, Change { elements: vec![], ours: vec![] });
    }

    #[test]
    fn values_in_another_order_are_no_change() {
        let written = ["+71", "+72"];
        let change = phones(&["+72", "+71"], &written, &rows(&[("5", "+71"), ("6", "+72")]));
        assert!(change.elements.is_empty());
    }
}
