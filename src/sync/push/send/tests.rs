use serde_json::json;

use super::*;
use crate::domain::record::{Kind, RecordId};
use crate::state::State;

/// What the replies to the first step of a batch say.
fn taken<const N: usize>(replies: [(char, Reply); N]) -> (Option<Reply>, bool) {
    let replies = replies.into_iter().map(|(part, reply)| (format!("{part}0"), reply));
    take_replies(0, &mut replies.collect())
}

#[test]
fn a_step_is_done_where_its_move_and_its_main_command_are() {
    let refused = || Reply::Err(ApiError::new("", "no"));
    let done = || Reply::Ok(json!(true));
    let moved = || (MOVING, Reply::Ok(json!({"item": {"id": 5}})));
    assert_eq!(taken([]), (None, true));
    assert_eq!(taken([(MAIN, done())]), (Some(done()), true));
    assert_eq!(taken([moved(), (MAIN, done())]), (Some(done()), true));
    assert_eq!(taken([moved(), (MAIN, refused())]), (Some(refused()), true));
    assert_eq!(taken([(MOVING, refused()), (MAIN, done())]), (Some(refused()), true));
    assert_eq!(taken([(MOVING, done()), (MAIN, done())]), (Some(Reply::Missing), true));
}

#[test]
fn a_closing_date_is_set_where_the_portal_says_so() {
    let done = || Reply::Ok(json!(true));
    assert_eq!(taken([(MAIN, done()), (CLOSING, done())]), (Some(done()), true));
    for reply in [Reply::Ok(json!(false)), Reply::Missing, Reply::Err(ApiError::new("", "no"))] {
        assert_eq!(taken([(MAIN, done()), (CLOSING, reply)]), (Some(done()), false));
    }
}

#[test]
fn a_creation_is_confirmed_by_an_id_and_by_nothing_else() {
    assert_eq!(
        [json!(5), json!("5"), json!({"item": {"id": 5}})].map(|it| new_id(&it)),
        [Some(5); 3]
    );
    assert_eq!([json!(0), json!(-5), json!(true), json!({})].map(|it| new_id(&it)), [None; 4]);
}

#[test]
fn a_refusal_of_the_whole_batch_hides_what_it_repeats_of_a_person_and_keeps_its_code() {
    let phone = "+79161112233";
    let sent = [Command::new("r0", "crm.contact.add", json!({"fields": {"PHONE": phone}}))];
    let refusal = ApiError::new("ACCESS_DENIED", format!("No right to {phone}"));
    let CallError::Refused(printable) = printable_error(CallError::Refused(refusal), &sent) else {
        panic!("still a refusal");
    };
    assert_eq!(printable.code, "ACCESS_DENIED");
    assert!(!printable.text.contains("9161112233"), "{}", printable.text);
}

#[test]
fn a_card_is_shared_for_whoever_comes_to_it_and_for_whoever_its_mark_means() {
    let state = State::in_memory().unwrap();
    let guest = |id| RecordKey::new(Kind::Guest, RecordId::Number(id));
    let writer = state.writer().unwrap();
    for (id, card) in [(1, 7), (2, 7), (3, 7), (4, 8)] {
        writer.link_by_origin(&guest(id), card).unwrap();
    }
    mark_all_shared(&writer, &guest(2), "1", 7).unwrap();
    mark_all_shared(&writer, &guest(3), "4", 7).unwrap();
    writer.commit().unwrap();
    let is_shared = |id| state.record(&guest(id)).unwrap().unwrap().shared;
    assert_eq!([1, 2, 3, 4].map(is_shared), [true, true, true, false]);
}
