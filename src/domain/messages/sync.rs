//! What the program says about a run: what it waits for, what it holds back, what it needs first.

use super::{Message, messages};

messages! {
    /// A run: what it waits for, what it holds back, what it needs first.
    pub enum SyncMessage {
        AnswerLost =>
            "ответ потерян",
            "an answer was lost";
        ExportInterrupted =>
            "Прервано. Сделанное сохранено; продолжить: ecvi-b24 initial-export",
            "Interrupted. What was done is saved; to go on: ecvi-b24 initial-export";
        ExportStopped { cause: Box<Message> } =>
            "{cause}. Продолжить: ecvi-b24 initial-export",
            "{cause}. To go on: ecvi-b24 initial-export";
        InitialExportMissing =>
            "первичная выгрузка ещё не завершена: выполните ecvi-b24 initial-export, до этого sync ничего не передаёт",
            "no initial export was completed yet: run ecvi-b24 initial-export; until then sync sends nothing";
    }
}
