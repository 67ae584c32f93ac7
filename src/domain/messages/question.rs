//! The questions of `init`, and what helps to answer them.

use super::{Message, messages};

messages! {
    /// The questions of `init`, and what helps to answer them.
    pub enum QuestionMessage {
        Language => "Язык / Language", "Язык / Language";
        Webhook => "Адрес входящего вебхука", "Address of the incoming webhook";
        WebhookOrKept { host: String } =>
            "Адрес входящего вебхука (Enter — оставить вебхук портала {host})",
            "Address of the incoming webhook (Enter: keep that of {host})";
        Mirror => "Файл зеркала (SQLite с данными Ecvi)", "The mirror's file (SQLite with the data of Ecvi)";
        MirrorLater => "Как поступить?", "What to do?";
        Report { about: String, records: Box<Message> } =>
            "Файл отчёта о {about} (Enter — такого нет)",
            "The report of {records} (Enter: there is none)";
        AmountOf =>
            "У заявки в отчёте несколько строк с суммой. Сумма строки относится",
            "A booking has several rows with an amount. The amount of a row is that of";
        Table { records: Box<Message> } =>
            "В какой таблице зеркала {records}?",
            "Which table of the mirror holds {records}?";
        Column { column: String } => "В каком столбце {column}?", "Which column is {column}?";
        Columns => "Столбцы названы верно?", "Are these the columns?";
        Query { table: String } => "Запрос вместо таблицы {table}", "The query instead of the table {table}";
        Status { code: String, count: u64 } =>
            "Код статуса «{code}» (заявок: {count}) означает",
            "The status code \"{code}\" (bookings: {count}) means";
        Funnel => "Воронка сделок", "The funnel of the deals";
        Stages => "Стадии назначены верно?", "Are these the stages?";
        Stage { status: Box<Message> } =>
            "Стадия для статуса «{status}»",
            "The stage of the status \"{status}\"";
        Currency => "Валюта сделок", "The currency of the deals";
        Responsible => "Ответственный за новые карточки", "Who is responsible for new cards";
        ResponsibleOf { records: Box<Message> } =>
            "Ответственный, карточки: {records}",
            "Who is responsible, cards: {records}";
        UserNumber =>
            "Номер пользователя (стоит в адресе его страницы: …/user/12/)",
            "The number of the user (it stands in the address of the user's page: …/user/12/)";
        Fields => "Какие поля CRM заполнять?", "Which fields of the CRM to fill?";
        Match =>
            "Как узнавать гостей и компании, которые уже есть в CRM?",
            "How to recognise guests and companies that already stand in the CRM?";
        Write => "Записать?", "Write it?";

        // What helps to answer.
        HelpToChoose =>
            "↑↓ — выбрать, Enter — готово, буквы — поиск",
            "↑↓: choose, Enter: done, letters: search";
        HelpToTick => "Пробел — отметить или снять, Enter — готово", "Space: tick or untick, Enter: done";
        HelpWithPath => "Путь к файлу; Enter — взять предложенный", "A path; Enter: take the one proposed";
        HelpWithQuery =>
            "Enter — взять этот запрос, или исправьте его",
            "Enter: take this query, or correct it";
        HelpWithReport =>
            "CSV или XLSX из Ecvi; «*» в имени — самый новый из таких файлов",
            "CSV or XLSX from Ecvi; a * in the name: the newest of such files";
        HelpWithWebhook =>
            "Битрикс24, администратор: Приложения → Разработчикам → Готовые сценарии \
             → Другое → Входящий вебхук; право CRM (crm). Адрес при вводе не виден",
            "Bitrix24, an administrator: Applications → Developer resources → Ready-made \
             scenarios → Other → Incoming webhook; the right CRM (crm). The address is not shown";
    }
}
