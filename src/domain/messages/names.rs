//! How records, objects, operations and lengths of time are called.

use super::messages;

messages! {
    /// The names of records, objects and operations, lengths of time, and where more is told.
    pub enum NameMessage {
        Guests => "гости", "guests";
        Companies => "компании", "companies";
        Bookings => "заявки", "bookings";
        Guest { id: String } => "гость {id}", "guest {id}";
        Company { id: String } => "компания {id}", "company {id}";
        Booking { number: String, id: String } => "заявка №{number} (id {id})", "booking {number} (id {id})";
        BookingById { id: String } => "заявка с id {id}", "booking with id {id}";
        ContactCard { crm_id: i64 } => "контакт {crm_id}", "contact {crm_id}";
        CompanyCard { crm_id: i64 } => "компания {crm_id}", "company {crm_id}";
        DealCard { crm_id: i64 } => "сделка {crm_id}", "deal {crm_id}";
        Create => "создание", "create";
        Update => "изменение", "update";
        Delete => "удаление", "delete";
        Read => "чтение", "read";
        Temporary => "временная", "temporary";
        Confirmed => "подтверждена", "confirmed";
        CheckedIn => "гости заехали", "checked in";
        CheckedOut => "гости выехали", "checked out";
        Cancelled => "отменена", "cancelled";
        NoShow => "незаезд", "no-show";
        JustNow => "только что", "just now";
        MinutesAgo { minutes: i64 } => "{minutes} мин назад", "{minutes} min ago";
        HoursAgo { hours: i64 } => "{hours} ч назад", "{hours} h ago";
        DaysAgo { days: i64 } => "{days} дн. назад", "{days} days ago";
        LessThanAMinute => "меньше минуты", "less than a minute";
        Minutes { minutes: i64 } => "{minutes} мин", "{minutes} min";
        HoursAndMinutes { hours: i64, minutes: i64 } => "{hours} ч {minutes} мин", "{hours} h {minutes} min";
        File { path: String } => "{path}", "{path}";
        MoreInStatus => "подробно покажет ecvi-b24 status", "ecvi-b24 status tells more";
        DaysAndHours { days: i64, hours: i64 } => "{days} дн. {hours} ч", "{days} days {hours} h";
    }
}
