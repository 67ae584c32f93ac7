//! What the program says about the portal: its connection, its limits, its refusals.

use super::{Message, PortalWords, messages};

messages! {
    /// Bitrix24's side: the connection, the limits, what the portal refuses.
    pub enum PortalMessage {
        Unreachable { reason: Box<Message> } =>
            "портал недоступен ({reason})",
            "the portal cannot be reached ({reason})";
        Misconfigured { reason: Box<Message> } =>
            "соединение с порталом не устанавливается: {reason}",
            "no connection to the portal can be set up: {reason}";
        NoProperAnswer { reason: Box<Message> } =>
            "портал не ответил как следует ({reason})",
            "the portal gave no proper answer ({reason})";
        OutcomeFoundLater =>
            "следующие запуски выяснят, что успело выполниться",
            "the next runs find out what took effect";
        Moved { address: String } =>
            "портал сменил адрес: {address}. Проверьте адрес и исправьте вебхук в конфигурации",
            "the portal has moved to {address}. Make sure that this \
             is right and correct the webhook in the configuration";
        LimitedUntil { time: String } =>
            "лимиты портала исчерпаны до {time}",
            "the portal's limits hold until {time}";
        NothingMoreSent { reason: Box<Message> } =>
            "{reason}, поэтому ничего больше не передано; проверьте место на диске и права",
            "{reason}, so nothing more was sent; check the disk space and the permissions";
        Interrupted =>
            "запуск прерван или вышло его время",
            "the run was interrupted or its time is up";
        RestNextRunSaved =>
            "сделанное сохранено, остальное уйдёт со следующим запуском",
            "what was done is saved, the rest goes with the next run";
        RestNextRun => "остальное уйдёт со следующим запуском", "the rest goes with the next run";
        AsksToWait { refusal: Box<Message> } =>
            "портал просит подождать ({refusal})",
            "the portal asks us to wait ({refusal})";
        RefusesUs { refusal: Box<Message>, remedy: Box<Message> } =>
            "портал отказывает нам: {refusal}. {remedy}",
            "the portal refuses us: {refusal}. {remedy}";
        WebhookNotAccepted =>
            "Битрикс24 не принимает этот вебхук: проверьте, что адрес в [portal] \
             webhook скопирован целиком; если вебхук удалён или истёк, создайте \
             новый (или верните доступ его владельцу) и выполните ecvi-b24 check",
            "Bitrix24 does not accept this webhook: see that the address in \
             [portal] webhook was copied whole; if it was deleted or expired, make \
             a new one (or give its owner access again) and run ecvi-b24 check";
        ScopeMissing =>
            "У вебхука нет права CRM (crm): отметьте его в настройках вебхука в Битрикс24",
            "The webhook lacks the right CRM (crm): tick it in the webhook's settings in Bitrix24";
        PlanNotPaid =>
            "Тариф портала не оплачен или не даёт REST: продлите тариф и подписку Битрикс24 Маркет",
            "The portal's plan is not paid, or has no REST: renew \
             the plan and the subscription to Bitrix24 Market";
        RestBlocked =>
            "Битрикс24 заблокировал REST этого портала из-за нагрузки: обратитесь в поддержку Битрикс24",
            "Bitrix24 has blocked REST in this portal because of load: ask Bitrix24's support";
        NoAccessToCrm =>
            "Входящим вебхукам нужны оплаченный тариф и действующая подписка Битрикс24 Маркет, \
             а владельцу вебхука доступ к CRM: проверьте тариф, подписку и права владельца",
            "Inbound webhooks need a paid plan and an active subscription to \
             Bitrix24 Market, and the webhook's owner needs access to the \
             CRM: check the plan, the subscription and the owner's rights";
        MethodMissing =>
            "Этот портал не знает метода, который нужен программе: обновите ecvi-b24 (свой \
             портал обновите тоже) и выполните ecvi-b24 check; ни одна запись не отложена",
            "This portal lacks a method that the program needs: update ecvi-b24 (and \
             a portal of your own) and run ecvi-b24 check; no record was put aside";
        NoSuchPortal =>
            "Такого портала больше нет: проверьте адрес в [portal] webhook",
            "There is no such portal any more: check the address in [portal] webhook";
        CheckWebhook =>
            "Проверьте вебхук: действует ли он, есть ли у него право CRM, не уволен ли его \
             владелец и видит ли он CRM, оплачены ли тариф и подписка Битрикс24 Маркет",
            "Check the webhook: that it is valid, has the right CRM, that its owner is active and \
             may see the CRM, and that the plan and the subscription to Bitrix24 Market are paid";
        HttpError { status: u16, refusal: Box<Message> } =>
            "HTTP {status}, {refusal}",
            "HTTP {status}, {refusal}";
        Refusal { words: PortalWords } => "{words}", "{words}";
        RefusalHidden =>
            "в ответе портала данные гостя, поэтому он здесь не показан; увидеть его: ecvi-b24 -v sync",
            "the portal's answer holds a guest's data and is not shown here; to see it: ecvi-b24 -v sync";
        StateNotWritten { reason: Box<Message> } =>
            "состояние не записывается ({reason})",
            "the state cannot be written ({reason})";
        HostNotFound =>
            "такой адрес не найден: проверьте адрес и связь",
            "no such address was found: check the address and the connection";
        NoAnswerInTime => "ответ не пришёл вовремя", "it did not answer in time";
        AnswerTooLarge =>
            "ответ больше, чем должен быть",
            "the answer is larger than what was asked for";
        ConnectionRefused => "соединение отклонено", "the connection was refused";
        ConnectionBroken => "соединение оборвалось", "the connection broke off";
        Proxy { proxy: String, reason: Box<Message> } =>
            "прокси {proxy}: {reason}",
            "proxy {proxy}: {reason}";
        ProxyWantsLogin =>
            "требует имя и пароль (407): добавьте их в адрес прокси",
            "wants a name and a password (407): add them to the proxy's address";
        ProxyDoesNotConnect { status: String } =>
            "не соединяет с порталом (ответ {status})",
            "does not connect to the portal (it said {status})";
        ProxyIsSocks { variable: String } =>
            "переменная {variable} называет SOCKS-прокси, а программа понимает только http \
             и https: задайте такой прокси в HTTPS_PROXY или добавьте портал в NO_PROXY",
            "the variable {variable} names a SOCKS proxy, and only http and https are \
             understood: name such a proxy in HTTPS_PROXY, or add the portal to NO_PROXY";
        ProxyUnreadable { variable: String } =>
            "переменная {variable} не похожа на адрес прокси; он пишется так: http://proxy.example:3128",
            "the variable {variable} does not look like the address \
             of a proxy, which reads http://proxy.example:3128";
        SharedBucketUnusable { path: String, reason: Box<Message> } =>
            "общий счётчик запросов {path} недоступен ({reason}), запросы \
             идут вдвое реже; проверьте [portal] shared_bucket, файл и права",
            "the shared bucket {path} cannot be used ({reason}), requests go at half \
             the rate; check [portal] shared_bucket, the file and its permissions";
        SharedBucketBusy => "его держит другая программа", "another program holds it";
        SharedBucketForeign => "это файл другой программы", "it is another program's file";
    }
}
