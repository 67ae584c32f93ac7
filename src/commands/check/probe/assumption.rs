//! What the program relies on, in words for the administrator.

use serde::{Deserialize, Serialize};

use crate::say;

/// A behaviour of the portal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortalAssumption {
    /// The trial objects can be made.
    Creation,
    /// A new object is found by its origin at once, and no other.
    Origin,
    /// Comments arrive readable.
    Comments,
    /// The parts of an address are read back.
    Address,
    /// A phone is replaced by the id of its row.
    Phones,
    /// The departure stands in `CLOSEDATE` after it was sent once more.
    ClosingDate,
    /// A stage that does not exist changes nothing.
    UnknownStage,
    /// An empty `CONTACT_IDS` unbinds everybody.
    Unbinding,
    /// Contacts and deals may be imported.
    Import,
    /// What was deleted is gone from the lists.
    Deletion,
}

impl PortalAssumption {
    /// What should be so.
    pub(super) fn title(self) -> String {
        match self {
            PortalAssumption::Creation => {
                say!("контакт, компания и сделка создаются", "a contact, a company and a deal can be made")
            }
            PortalAssumption::Origin => say!(
                "созданное сразу находится по ORIGIN_ID, и только оно",
                "what was created is found by ORIGIN_ID at once, and nothing else"
            ),
            PortalAssumption::Comments => say!("комментарий доходит без потерь", "a comment arrives whole"),
            PortalAssumption::Address => say!("адрес доходит целиком", "an address arrives whole"),
            PortalAssumption::Phones => {
                say!("телефон заменяется, а не добавляется", "a phone is replaced and not added")
            }
            PortalAssumption::ClosingDate => say!(
                "в закрытой сделке стоит дата выезда, а не сегодняшняя",
                "a closed deal keeps the departure and not today's date"
            ),
            PortalAssumption::UnknownStage => {
                say!("неизвестная стадия ничего не меняет", "an unknown stage changes nothing")
            }
            PortalAssumption::Unbinding => {
                say!("гостей можно отвязать от сделки", "guests can be unbound from a deal")
            }
            PortalAssumption::Import => {
                say!("у вебхука есть право импорта", "the webhook has the right to import")
            }
            PortalAssumption::Deletion => {
                say!("удалённое исчезает из списков", "what was deleted is gone from the lists")
            }
        }
    }

    /// What it means when it is not so.
    pub(super) fn meaning(self) -> String {
        match self {
            PortalAssumption::Creation => {
                say!("Без этого передавать нечего", "Nothing can be sent without it")
            }
            PortalAssumption::Origin => say!(
                "После потерянного ответа возможны дубликаты. Не запускайте выгрузку и сообщите разработчикам",
                "Duplicates are possible after a lost answer. Do not start the export, and tell the developers"
            ),
            PortalAssumption::Comments => say!(
                "Слова комментариев могут теряться; на остальное это не влияет",
                "Words of comments may get lost; nothing else is affected"
            ),
            PortalAssumption::Address => say!(
                "Адреса гостей могут не появиться в карточках; на остальное это не влияет",
                "Addresses may not show on cards; nothing else is affected"
            ),
            PortalAssumption::Phones => say!(
                "После смены телефона в карточке останется и старый",
                "After a change of a phone the old one stays on the card"
            ),
            PortalAssumption::ClosingDate => say!(
                "В отчётах по дате закрытия будет день передачи, а не выезда",
                "Reports by closing date will show the day of the transfer and not the departure"
            ),
            PortalAssumption::UnknownStage => say!(
                "Портал принимает несуществующую стадию: следите за [deal.stages]",
                "The portal takes a stage that does not exist: mind [deal.stages]"
            ),
            PortalAssumption::Unbinding => say!(
                "Гость, убранный из заявки, останется в сделке",
                "A guest who was taken off a booking stays in its deal"
            ),
            PortalAssumption::Import => say!(
                "Дайте пользователю вебхука право импорта контактов, компаний и сделок, или задайте [export] method = \"add\": тогда сработают роботы и правила портала",
                "Give the webhook's user the right to import contacts, companies and deals, or set [export] method = \"add\", which sets off the portal's automation"
            ),
            PortalAssumption::Deletion => say!(
                "Удалите вручную контакты, компанию и сделки с названием «Проба ecvi-b24»",
                "Delete by hand the contacts, the company and the deals called \"Проба ecvi-b24\""
            ),
        }
    }
}
