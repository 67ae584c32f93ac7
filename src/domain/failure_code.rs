//! The failure codes: stable names for monitoring, each with its meaning and its remedy for people.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::domain::language::Language;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $ru:literal, $en:literal;)*) => {
        /// Why a record was not sent, or not completely. Names never change, and codes are only
        /// added.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[derive(Display, EnumString, IntoStaticStr, VariantArray)]
        pub enum FailureCode {
            $($(#[$doc])* #[serde(rename = $name)] #[strum(serialize = $name)] $variant,)*
        }

        impl FailureCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [FailureCode] = FailureCode::VARIANTS;

            /// The name in JSON and in the state.
            pub fn name(self) -> &'static str {
                self.into()
            }

            /// What it means and what to do, for people who are not programmers.
            pub fn remedy(self, language: Language) -> &'static str {
                let (russian, english) = match self { $(FailureCode::$variant => ($ru, $en),)* };
                match language {
                    Language::Ru => russian,
                    Language::En => english,
                }
            }
        }
    };
}

codes! {
    /// The id is neither a number nor a usable text.
    BadId = "BAD_ID",
        "В зеркале у записи недопустимый номер (id или crm_id). Исправьте его в Ecvi или в зеркале.",
        "The record's id, or its crm_id, cannot be used. Correct it in Ecvi or in the mirror.";
    /// Two rows of the mirror have the same id.
    DuplicateId = "DUPLICATE_ID",
        "В зеркале две строки с одним номером (id): какая верна, неизвестно. Оставьте одну.",
        "Two rows of the mirror have the same id, and it is unknown which is right. Leave one.";
    /// `booking_guests` has far too many rows of one booking.
    TooManyGuests = "TOO_MANY_GUESTS",
        "В booking_guests у заявки больше 1000 гостей: так бывает, когда в запросе потеряно \
         условие соединения таблиц. Исправьте запрос или то, что наполняет зеркало.",
        "booking_guests has more than 1000 guests of the booking, as a query does that joins its \
         tables without a condition. Correct the query, or what fills the mirror.";
    /// A column that must have a value is empty.
    NoValue = "NO_VALUE",
        "Обязательное поле пусто. Заполните его в Ecvi.",
        "A field that must be filled is empty. Fill it in Ecvi.";
    /// A status that the configuration does not know.
    UnknownStatus = "UNKNOWN_STATUS",
        "Неизвестный статус заявки. Добавьте его код в [mirror.statuses] \
         конфигурации: заявка уйдёт со следующим запуском.",
        "The booking's status is unknown. Add its code to [mirror.statuses] \
         of the configuration: the booking goes with the next run.";
    /// A date that cannot be read.
    BadDate = "BAD_DATE",
        "Дата не читается. Исправьте её в Ecvi; в зеркале она должна \
         быть вида 2026-12-30 14:00 или 30.12.2026 14:00, без часового \
         пояса; день рождения 1980-02-29 или 29.02.1980, без времени.",
        "A date cannot be read. Correct it in Ecvi; in the mirror it has \
         to read 2026-12-30 14:00 or 30.12.2026 14:00, without a time \
         zone; a birthday 1980-02-29 or 29.02.1980, without a time.";
    /// An amount that cannot be read.
    BadAmount = "BAD_AMOUNT",
        "Сумма не читается. Исправьте её в Ecvi; в зеркале она должна быть вида 13050.00 \
         или 13 050,00: без названия валюты, без запятых и точек между тысячами.",
        "An amount cannot be read. Correct it in Ecvi; in the mirror it has to read \
         13050.00 or 13 050,00: no currency, no commas or points between thousands.";
    /// A text in another encoding, or with lost letters.
    BadText = "BAD_TEXT",
        "Текст не читается: его байты не в UTF-8, или буквы потеряны ещё при наполнении \
         зеркала. Если зеркало в другой кодировке, укажите её в [mirror] encoding, \
         например \"windows-1251\"; иначе исправьте то, что наполняет зеркало.",
        "A text cannot be read: its bytes are not UTF-8, or letters were lost when the \
         mirror was filled. If the mirror has another encoding, name it in [mirror] \
         encoding, such as \"windows-1251\"; if not, correct what fills the mirror.";
    /// Two rows of the mirror name one object of the CRM.
    CrmIdTaken = "CRM_ID_TAKEN",
        "Эта карточка CRM уже занята другой записью Ecvi. Если у этой записи должна быть \
         своя, выполните для неё ecvi-b24 reset-id: она будет создана; если карточка у \
         них общая, выполните reset-id для неё с --crm-id и номером карточки.",
        "Another record of Ecvi already has this card of the CRM. If this record is \
         to have its own, run ecvi-b24 reset-id for it: it is created then; if they \
         share the card, run reset-id for it with --crm-id and the card's number.";
    /// The portal refused the call.
    PortalRefused = "PORTAL_REFUSED",
        "Битрикс24 отказался принять запись. Исправьте в Ecvi или в \
         CRM то, что названо в отказе, затем выполните ecvi-b24 retry.",
        "Bitrix24 refused the record. Correct in Ecvi or in the \
         CRM what the refusal names, then run ecvi-b24 retry.";
    /// The portal refuses every change of the card because of a phone or an e-mail that it already
    /// has.
    BadContactInCrm = "BAD_CONTACT_IN_CRM",
        "На карточке в CRM стоит телефон или e-mail, который портал считает \
         недопустимым, поэтому он отклоняет любое изменение карточки. Исправьте или \
         удалите этот телефон или e-mail на карточке, затем выполните ecvi-b24 retry.",
        "The card in the CRM has a phone or an e-mail that the portal \
         does not accept, so the portal refuses every change of the card. \
         Correct or delete it on the card, then run ecvi-b24 retry.";
    /// The webhook's user may not do this.
    AccessDenied = "ACCESS_DENIED",
        "У пользователя вебхука нет прав на эту карточку. Дайте \
         ему права в CRM (лучше всего вебхук администратора).",
        "The webhook's user has no rights on this card. Give that user \
         the rights in the CRM (an administrator's webhook is best).";
    /// The object no longer exists in the CRM, and the configuration says to report that.
    ObjectMissing = "OBJECT_MISSING",
        "Карточки больше нет в CRM. Чтобы создать её заново, выполните ecvi-b24 reset-id для этой записи.",
        "The card no longer exists in the CRM. To create it again, run ecvi-b24 reset-id for this record.";
    /// The object's origin is not ours, so it was neither changed nor deleted.
    NotOurs = "NOT_OURS",
        "Карточка в CRM не помечена как наша, поэтому не изменена и не удалена: возможно, \
         под этим номером теперь чужая. Посмотрите её. Если она наша, выполните ecvi-b24 \
         reset-id с видом, id и --crm-id; если нет, то же без --crm-id. Сразу для всех \
         таких записей: ecvi-b24 reset-id --code NOT_OURS, для своих карточек с \
         --take-back. Сделку, заявки которой больше нет, удалите вручную.",
        "The card in the CRM is not marked as ours and was neither changed nor deleted: the \
         number may belong to somebody else's card now. Look at it. If it is ours, run \
         ecvi-b24 reset-id with kind, id and --crm-id; if not, the same without --crm-id. \
         For all such records at once: ecvi-b24 reset-id --code NOT_OURS, with --take-back \
         where the cards are ours. If the booking no longer exists, delete its deal by hand.";
    /// The portal cannot show the record's object.
    CardUnreadable = "CARD_UNREADABLE",
        "Битрикс24 не может показать карточку этой записи: любой список с ней приходит \
         испорченным, обычно из-за повреждённого текста в одном из её полей. Остальные записи \
         передаются. Откройте карточку в CRM и сохраните её поля заново или удалите её, затем \
         выполните ecvi-b24 retry; если не помогает, покажите карточку поддержке Битрикс24.",
        "Bitrix24 cannot show this record's card: every list that contains it is broken, \
         mostly because of a damaged text in one of its fields. All other records are \
         sent. Open the card in the CRM and save its fields again, or delete it, then \
         run ecvi-b24 retry; if that does not help, show the card to Bitrix24's support.";
    /// The portal never answers when this record is sent.
    NoAnswer = "NO_ANSWER",
        "Портал раз за разом не отвечает на передачу этой записи. Она откладывается и \
         пробуется снова; если это не проходит, покажите запись поддержке Битрикс24.",
        "The portal repeatedly gives no answer when this record is sent. The record is \
         put aside and tried again; if that goes on, show it to Bitrix24's support.";
    /// Held: the booking's guest has no contact yet.
    GuestWaiting = "GUEST_WAITING",
        "Заявка ждёт, пока её гость появится в CRM. Она уйдёт сама, когда гость будет передан.",
        "The booking waits until its guest is in the CRM. It goes by itself once the guest was sent.";
    /// Warning: an e-mail that the portal would refuse.
    EmailLeftOut = "EMAIL_LEFT_OUT",
        "Адрес e-mail записан неверно и не передан; остальное передано. Исправьте адрес в Ecvi.",
        "An e-mail address is malformed and was left out; all else was sent. Correct it in Ecvi.";
    /// Warning: a phone that the portal would refuse.
    PhoneLeftOut = "PHONE_LEFT_OUT",
        "Телефон длиннее 250 знаков или состоит из одного нуля: портал такой не \
         принимает, поэтому он не передан; остальное передано. Исправьте его в Ecvi.",
        "A phone is longer than 250 characters, or a lone zero, which the portal \
         does not accept: it was left out; all else was sent. Correct it in Ecvi.";
    /// Warning: values that the portal's field cannot hold.
    FieldLeftOut = "FIELD_LEFT_OUT",
        "Значение не подходит к названному полю CRM и не передано; \
         остальное передано. Исправьте его в Ecvi, или дополните список \
         в CRM и выполните ecvi-b24 check, затем ecvi-b24 sync --full.",
        "A value does not fit the named field of the CRM and was left \
         out; all else was sent. Correct it in Ecvi, or extend the list \
         in the CRM, run ecvi-b24 check and then ecvi-b24 sync --full.";
    /// Warning: a flag that is neither on nor off.
    UnknownFlag = "UNKNOWN_FLAG",
        "Признак не понят и считается выключенным; остальное передано. Понятны \
         1 и 0, да и нет, true и false; исправьте его в Ecvi или в зеркале.",
        "A flag is not understood and counts as off; all else was sent. 1 and 0, yes \
         and no, true and false are understood; correct it in Ecvi or in the mirror.";
    /// Warning: a sex that is neither.
    UnknownSex = "UNKNOWN_SEX",
        "Пол не понят, обращение не заполнено; остальное передано. Понятны M \
         и F, м и ж, мужской и женский; исправьте его в Ecvi или в зеркале.",
        "The sex is not understood, and so the honorific stays empty; all else was sent. \
         M and F, male and female are understood; correct it in Ecvi or in the mirror.";
    /// Warning: a booking names a guest or a company that no row has.
    UnknownReference = "UNKNOWN_REFERENCE",
        "В заявке указаны гость или компания, которых нет в зеркале; она передана без них. \
         Проверьте, совпадают ли id гостей и компаний с тем, что стоит в guest_id, \
         company_id и booking_guests. Когда такая строка появится, сделка дополнится сама.",
        "The booking names a guest or a company that the mirror does not have, and was sent \
         without them. See whether guests and companies have the ids that guest_id, company_id \
         and booking_guests name. Once there is such a row, the deal is completed by itself.";
    /// Warning: the deal goes without a guest or company that has no object yet.
    WithoutCompanion = "WITHOUT_COMPANION",
        "Сделка передана без тех, кого ещё нет в CRM; она дополнится сама, когда они появятся.",
        "The deal was sent without those who are not in the \
         CRM yet; it is completed by itself once they are.";
    /// Warning: several objects carry the record's origin.
    SeveralInCrm = "SEVERAL_IN_CRM",
        "В CRM несколько карточек этой записи; используется самая \
         старая. Объедините их в CRM; предупреждение исчезнет, когда \
         запись изменится в Ecvi. Что осталось, покажет ecvi-b24 audit.",
        "Several cards of the CRM belong to this record; the oldest is \
         used. Merge them in the CRM; the warning disappears when the \
         record changes in Ecvi. ecvi-b24 audit shows what is left.";
    /// Warning: somebody in the CRM may be this person.
    DoubtfulMatch = "DOUBTFUL_MATCH",
        "В CRM есть похожие карточки с тем же телефоном или e-mail; \
         создана новая. Если это один и тот же человек, объедините их в \
         CRM. Предупреждение исчезнет, когда запись изменится в Ecvi.",
        "The CRM has similar cards with the same phone or e-mail; a new \
         one was created. If it is the same person, merge them in the \
         CRM. The warning disappears when the record changes in Ecvi.";
    /// Warning: somebody moved the deal into another funnel.
    OtherFunnel = "OTHER_FUNNEL",
        "Сделку перенесли в другую воронку: её стадия больше не \
         меняется. Верните сделку в воронку из конфигурации.",
        "The deal was moved into another funnel, so its stage \
         stays as it is. Move it back into the configured funnel.";
    /// Warning: a deal of ours that no booking stands behind.
    DealWithoutBooking = "DEAL_WITHOUT_BOOKING",
        "В CRM есть наша сделка, но такой заявки в Ecvi нет. Проверьте и удалите её вручную, если \
         она лишняя. Когда её не станет, предупреждение снимет следующий ecvi-b24 initial-export.",
        "The CRM has a deal of ours without a booking in Ecvi. Look at it, and delete it by \
         hand if it is not needed. The next ecvi-b24 initial-export removes the warning then.";
}
