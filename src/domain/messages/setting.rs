//! What the program says about values of the configuration that only the portal can judge.

use super::{Message, PortalWords, messages};

messages! {
    /// Values of the configuration that only the portal can judge.
    pub enum SettingMessage => Config {
        Wrong { key: String, value: String, problem: Box<Message> } =>
            "{key} = {value}: {problem}",
            "{key} = {value}: {problem}";
        Alternatives { list: PortalWords } => "Есть: {list}", "There are: {list}";
        AlternativesAndMore { list: PortalWords, more: usize } =>
            "Есть: {list} и ещё {more}",
            "There are: {list} and {more} more";
        Item { finding: Box<Message> } => "- {finding}", "- {finding}";
        ItemAlternatives { alternatives: Box<Message> } => "  {alternatives}", "  {alternatives}";
        ConfigurationWrong { findings: Box<Message> } =>
            "в конфигурации указано то, чего нет на портале; \
             ничего не передано.\n{findings}\nИсправьте файл \
             конфигурации или заведите недостающее в Битрикс24",
            "the configuration names what the portal does not have; nothing was \
             sent.\n{findings}\nCorrect the configuration file or add what is missing to Bitrix24";
        FilledByPortal => "это поле заполняет сам портал", "the portal fills this field itself";
        NotFillable { field_type: String } =>
            "поле типа {field_type} нельзя заполнить текстом",
            "a field of the type {field_type} cannot be filled with a text";
        OtherType { field_type: String, fit: String } =>
            "у этого поля тип {field_type}, а подходят {fit}; заведите поле подходящего типа",
            "this field has the type {field_type}, and {fit} fit; add a field of such a type";
        UserNotChecked { refusal: PortalWords } =>
            "проверить не удалось, для этого вебхуку нужно право user ({refusal}); сверьте номер сами",
            "could not be checked, which needs the webhook scope user ({refusal}); check this id by hand";
        NotChecked { refusal: PortalWords } =>
            "проверить не удалось: {refusal}",
            "could not be checked: {refusal}";
        NoWonStage =>
            "это не успешная стадия, а гость уже уехал",
            "not a won stage, although the guest has left";
        NoLostStage =>
            "это не стадия провала, а заезда не будет",
            "not a lost stage, although nobody will come";
        UserDismissed => "этот сотрудник уволен", "this user is not active any more";
        NoHonorific => "такого обращения на портале нет", "the portal has no such honorific";
        NoContactType =>
            "такого типа контакта на портале нет; контакты будут без типа",
            "the portal has no such contact type; contacts will show none";
        NoFunnel => "такой воронки на портале нет", "the portal has no such funnel";
        NoStage => "такой стадии в воронке нет", "the funnel has no such stage";
        NoCurrency => "такой валюты на портале нет", "the portal has no such currency";
        NoSource => "такого источника на портале нет", "the portal has no such source";
        NoUser => "такого пользователя на портале нет", "the portal has no such user";
        NoField => "такого поля на портале нет", "the portal has no such field";
        NoticesSent { keys: String, user: u64, own: u64 } =>
            "Уведомления: вебхук принадлежит пользователю {own}, а ответственным назначается \
             {user} ({keys}): о каждой карточке первичной выгрузки портал пришлёт ему уведомление",
            "Notices: the webhook is user {own}'s and the responsible user is {user} \
             ({keys}): the portal sends that user a notice of each card of the initial export";
        AvoidNotices { user: u64 } =>
            "Если это лишнее, создайте вебхук от имени пользователя \
             {user} или отключите ему уведомления CRM на время выгрузки",
            "If that is too much, make the webhook as user {user}, or \
             turn that user's CRM notices off while the export runs";
    }
}
