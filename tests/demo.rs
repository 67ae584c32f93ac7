//! The demonstration of the README tells what it told when it was written.

#[path = "../examples/demo.rs"]
#[expect(dead_code, reason = "its main is the test here")]
mod demo;

use bitrix24_sandbox::{Portal, Server};
use insta::assert_snapshot;

/// The times of the runs are told by this machine's clock and zone.
fn without_time(line: &str) -> String {
    let at = line.find("24.11.2026 ").filter(|_| line.starts_with(['П', 'З']));
    at.map_or_else(|| line.to_owned(), |at| line[..at].to_owned() + "…")
}

#[test]
fn the_demonstration_tells_the_story_of_a_small_hotel() {
    let server = Server::start(Portal::new(), 0).unwrap();
    let story = demo::story(&server, "2026-11-24T12:00:00Z".parse().unwrap()).unwrap();
    let story: Vec<String> = story.lines().map(without_time).collect();
    assert!(story.len() <= 50, "longer than one and a half screens");
    assert_snapshot!(story.join("\n"), @r"
    Гостиница из fixtures/ и пустой Битрикс24.

    $ ecvi-b24 initial-export
    initial-export: создано: гости 25, компании 6, заявки 30

    Прошёл час: смена фамилии, исправленный e-mail, выезд, новая заявка, удалённая заявка.

    $ ecvi-b24 sync
    sync: создано: гости 1, заявки 1; изменено: гости 2, заявки 2

    Прошло три минуты: удалённой заявки в Ecvi по-прежнему нет.

    $ ecvi-b24 sync
    sync: удалено: заявки 1

    $ ecvi-b24 status
    Последний удачный запуск: …
      удалено: заявки 1
    Первичная выгрузка завершена …
    Зеркало Ecvi обновлено …

              передано  ждут отправки   ошибки  ждут гостя
    гости           26              0        0           0
    компании         6              0        0           0
    заявки          30              0        0           0

    Так это выглядит в CRM:

      Заявка №3682 (Приходько) 20.05.2020 12:00 - 29.05.2020 12:00
      Сделка провалена (0 %) · 13 050 RUB · 20.05.2020 - 29.05.2020
      Контакты: Приходько Олег Петрович, Приходько-Лебедева Анна Сергеевна
      Комментарий: Отменено гостем по телефону

      Заявка №4006 (Приходько) 22.11.2026 14:00 - 26.11.2026 12:00
      Сделка успешна (100 %) · 21 450 RUB · 22.11.2026 - 26.11.2026
      Контакты: Приходько Олег Петрович
      Компания: ООО «Ромашка»

      Заявка №Г-17 (Белова) 10.12.2026 14:00 - 14.12.2026 12:00
      В работе (60 %) · 388 000 RUB · 10.12.2026 - 14.12.2026
      Контакты: Белова Алла Юрьевна, Бобров Егор, Ветров Иван, Гусева Нина и ещё 16
      Компания: АО «Северный путь»
      Комментарий: Группа: 10 номеров, 20 человек, завтрак в 7:00
    ");
}
