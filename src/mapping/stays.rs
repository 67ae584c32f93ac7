//! What the bookings say of a guest: how often they stayed, when, and for how much. Pure.
//!
//! A stay is a booking whose guests checked in, whether or not they have left. It counts for the
//! guest of the booking and for everyone who stays in it; its amount for one of them alone, so that
//! all contacts together show what the hotel earned.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Map;

use super::CrmFields;
use super::custom_fields::FieldType;
use crate::config::StayFigure;
use crate::domain::record::{BookingStatus, RecordId};
use crate::mirror::Booking;
use crate::mirror::values::Cents;
use crate::state::GuestStay;

/// A booking as it counts for each of its guests, by guest. The amount goes to the first contact of
/// the deal: the guest of the booking, or else the first who stays.
pub fn guest_stays(booking: &Booking) -> Vec<GuestStay> {
    let amount = booking.amount.replace('.', "").parse().unwrap_or(0);
    let mut seen = BTreeSet::new();
    let mut stays = Vec::new();
    for guest in booking.guest.iter().chain(&booking.staying_guests) {
        // 41 and '41' are one guest.
        if seen.insert(guest.to_string()) {
            stays.push(GuestStay {
                guest: guest.clone(),
                status: booking.status,
                arrival: booking.arrival.day,
                departure: booking.departure.day,
                amount: if stays.is_empty() { amount } else { 0 },
            });
        }
    }
    stays.sort_by(|a, b| a.guest.cmp(&b.guest));
    stays
}

/// All bookings of a guest, added up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StaySummary {
    stays: u64,
    nights: i64,
    /// In hundredths of the currency.
    sum: i64,
    first_stay: Option<NaiveDate>,
    last_stay: Option<NaiveDate>,
    next_arrival: Option<NaiveDate>,
    cancelled: u64,
    not_shown: u64,
}

impl StaySummary {
    /// Adds up the stays of one contact, as they are on a day of the hotel's calendar. Where
    /// several guests share the contact, a booking that names two of them is one.
    pub fn of(
        stays: impl IntoIterator<Item = (RecordId, GuestStay)>,
        today: NaiveDate,
    ) -> StaySummary {
        let mut bookings = BTreeMap::<RecordId, GuestStay>::new();
        for (booking, stay) in stays {
            match bookings.get_mut(&booking) {
                Some(known) => known.amount = known.amount.saturating_add(stay.amount),
                None => drop(bookings.insert(booking, stay)),
            }
        }
        let mut summary = StaySummary::default();
        for stay in bookings.values() {
            summary.add(stay, today);
        }
        summary
    }

    fn add(&mut self, stay: &GuestStay, today: NaiveDate) {
        match stay.status {
            BookingStatus::Temporary | BookingStatus::Confirmed if stay.arrival >= today => {
                self.next_arrival = Some(earliest(self.next_arrival, stay.arrival));
            }
            BookingStatus::Temporary | BookingStatus::Confirmed => {}
            BookingStatus::CheckedIn | BookingStatus::CheckedOut => {
                self.stays += 1;
                self.nights += (stay.departure - stay.arrival).num_days().max(0);
                self.sum = self.sum.saturating_add(stay.amount);
                self.first_stay = Some(earliest(self.first_stay, stay.arrival));
                self.last_stay = self.last_stay.max(Some(stay.arrival));
            }
            BookingStatus::Cancelled => self.cancelled += 1,
            BookingStatus::NoShow => self.not_shown += 1,
        }
    }

    /// A figure as a text; empty where there is no such day.
    fn text(&self, figure: StayFigure) -> String {
        match figure {
            StayFigure::Stays => self.stays.to_string(),
            StayFigure::Nights => self.nights.to_string(),
            StayFigure::Sum => Cents(self.sum).to_string(),
            StayFigure::FirstStay => day_text(self.first_stay),
            StayFigure::LastStay => day_text(self.last_stay),
            StayFigure::NextArrival => day_text(self.next_arrival),
            StayFigure::Cancelled => self.cancelled.to_string(),
            StayFigure::NotShown => self.not_shown.to_string(),
        }
    }
}

fn day_text(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn earliest(known: Option<NaiveDate>, day: NaiveDate) -> NaiveDate {
    known.unwrap_or(day).min(day)
}

impl CrmFields {
    /// Fills `fields` (field -> figure), each in the form that the field's type asks for.
    pub(super) fn stays(
        &mut self,
        fields: &BTreeMap<String, StayFigure>,
        summary: &StaySummary,
        types: &BTreeMap<String, FieldType>,
    ) {
        let mut words = BTreeMap::new();
        let mut values = Map::new();
        for (field, figure) in fields {
            let word = figure.word();
            words.insert(field.clone(), word.to_owned());
            values.insert(word.to_owned(), summary.text(*figure).into());
        }
        self.custom(&words, &values, types);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn stay(status: BookingStatus, arrival: &str, departure: &str, amount: i64) -> GuestStay {
        let (arrival, departure) = (day(arrival), day(departure));
        GuestStay { guest: 1.into(), status, arrival, departure, amount }
    }

    fn summary(stays: &[GuestStay]) -> StaySummary {
        let numbered = (1..).map(RecordId::Number).zip(stays.iter().cloned());
        StaySummary::of(numbered, day("2026-06-10"))
    }

    fn booking(guest: Option<RecordId>, staying: &[RecordId]) -> Booking {
        let mut booking: Booking = serde_json::from_str(
            r#"{"number":"1","status":"checked_out","arrival":{"day":"2026-05-20","time":null},
                "departure":{"day":"2026-05-29","time":null},"amount":"-1300.50","comment":"","guest":null,
                "company":null,"payer":null,"staying_guests":[]}"#,
        )
        .unwrap();
        booking.guest = guest;
        booking.staying_guests = staying.to_vec();
        booking
    }

    fn amounts(booking: &Booking) -> Vec<(String, i64)> {
        guest_stays(booking).into_iter().map(|stay| (stay.guest.to_string(), stay.amount)).collect()
    }

    #[test]
    fn a_stay_is_a_booking_whose_guests_checked_in() {
        let seen = summary(&[
            stay(BookingStatus::CheckedOut, "2025-01-10", "2025-01-12", 100_050),
            stay(BookingStatus::CheckedIn, "2026-06-09", "2026-06-12", 250),
            stay(BookingStatus::Cancelled, "2026-07-01", "2026-07-05", 999),
            stay(BookingStatus::NoShow, "2024-07-01", "2024-07-05", 999),
            stay(BookingStatus::Confirmed, "2024-07-01", "2024-07-05", 999),
        ]);
        let text = |figure| seen.text(figure);
        assert_eq!([text(StayFigure::Stays), text(StayFigure::Nights)], ["2", "5"]);
        assert_eq!(text(StayFigure::Sum), "1003.00");
        assert_eq!(
            [text(StayFigure::FirstStay), text(StayFigure::LastStay)],
            ["2025-01-10", "2026-06-09"]
        );
        assert_eq!([text(StayFigure::Cancelled), text(StayFigure::NotShown)], ["1", "1"]);
        assert_eq!(text(StayFigure::NextArrival), "");
    }

    #[test]
    fn the_next_arrival_is_the_first_that_is_not_over_and_today_counts() {
        let next = |arrivals: &[&str]| {
            let stays =
                arrivals.iter().map(|day| stay(BookingStatus::Confirmed, day, "2026-12-01", 0));
            summary(&stays.collect::<Vec<_>>()).text(StayFigure::NextArrival)
        };
        assert_eq!(next(&["2026-06-09", "2026-08-01", "2026-07-01"]), "2026-07-01");
        assert_eq!(next(&["2026-06-10", "2026-07-01"]), "2026-06-10");
        assert_eq!(next(&["2026-06-09"]), "");
    }

    #[test]
    fn the_day_guest_has_no_night_and_a_stay_that_ends_before_it_begins_takes_none_away() {
        let nights = |departure| {
            summary(&[stay(BookingStatus::CheckedOut, "2026-05-20", departure, 0)])
                .text(StayFigure::Nights)
        };
        assert_eq!(["2026-05-20", "2026-05-19", "2026-05-21"].map(nights), ["0", "0", "1"]);
    }

    #[test]
    fn the_amount_goes_to_one_guest_of_the_booking() {
        let of = |id: i64| RecordId::Number(id);
        let text = |id: &str| RecordId::Text(id.into());
        let pairs = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
            pairs.iter().map(|(guest, amount)| ((*guest).to_owned(), *amount)).collect()
        };
        let made_by_one_who_stays = booking(Some(of(7)), &[of(3), of(7)]);
        assert_eq!(amounts(&made_by_one_who_stays), pairs(&[("3", 0), ("7", -130_050)]));
        let made_by_nobody = booking(None, &[of(9), of(3)]);
        assert_eq!(amounts(&made_by_nobody), pairs(&[("3", 0), ("9", -130_050)]));
        assert_eq!(amounts(&booking(Some(of(7)), &[text("7")])), pairs(&[("7", -130_050)]));
        assert_eq!(amounts(&booking(None, &[])), []);
    }

    #[test]
    fn a_booking_that_names_two_guests_of_one_contact_is_one_stay() {
        let one = stay(BookingStatus::CheckedOut, "2026-05-20", "2026-05-29", 500);
        let other = GuestStay { guest: 2.into(), amount: 0, ..one.clone() };
        let booking = RecordId::Number(5);
        let seen = StaySummary::of([(booking.clone(), other), (booking, one)], day("2026-06-10"));
        assert_eq!([seen.text(StayFigure::Stays), seen.text(StayFigure::Sum)], ["1", "5.00"]);
    }
}
