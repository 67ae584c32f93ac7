//! What the deals get: funnel, stages and currency.

use super::Interview;
use super::asker::{Choice, tell_lines, usage};
use super::meaning::{stage_for, without_funnel};
use super::questions::{Question, stage_flag};
use crate::domain::display::status_name;
use crate::domain::messages::{InitMessage, Message, QuestionMessage};
use crate::domain::record::BookingStatus;
use crate::domain::run_error::{Result, RunError};
use crate::msg;
use crate::sync::preflight::config_check::{PortalOption, PortalOptions};

/// Asks for funnel, stages and currency.
pub(super) fn ask(interview: &mut Interview<'_>, portal: &PortalOptions) -> Result<()> {
    let key = ["deal", "category_id"];
    let given = interview.options.funnel.as_deref();
    let question = Question::new(QuestionMessage::Funnel, "--funnel 0");
    let funnel = choose(interview, &question, given, &portal.funnels, &key)?;
    let Ok(number) = funnel.id.parse::<u32>() else {
        return Err(RunError::Config(Message::Foreign(format!("funnel {}", funnel.id))));
    };
    interview.draft.set(&key, i64::from(number), &funnel.name);
    let number = u64::from(number);
    if let Some(stages) = portal.stages.get(&number).filter(|stages| !stages.is_empty()) {
        ask_stages(interview, number, stages)?;
    }
    if !portal.currencies.is_empty() {
        let key = ["deal", "currency"];
        let given = interview.options.currency.as_deref();
        let question = Question::new(QuestionMessage::Currency, "--currency RUB");
        let currency = choose(interview, &question, given, &portal.currencies, &key)?;
        interview.draft.set(&key, currency.id.as_str(), "");
    }
    Ok(())
}

/// One of the portal's options: the one that was named, or the one that is chosen. What the
/// configuration has is proposed.
fn choose<'o>(
    interview: &Interview<'_>,
    question: &Question,
    given: Option<&str>,
    options: &'o [PortalOption],
    key: &[&str],
) -> Result<&'o PortalOption> {
    if let Some(given) = given {
        return named(&question.flag, given, options);
    }
    let known = interview.draft.get_or_default(key).unwrap_or_default();
    let proposed = position(options, &known).unwrap_or_default();
    Ok(&options[interview.asker.choose(question, &positions(options), Some(proposed))?])
}

fn positions(options: &[PortalOption]) -> Vec<Choice<usize>> {
    let mut choices = Vec::new();
    for (value, option) in options.iter().enumerate() {
        choices.push(Choice { value, label: label(option) });
    }
    choices
}

/// An option with its code: `Новая (NEW)`.
pub(super) fn label(option: &PortalOption) -> String {
    match option.name.as_str() {
        "" => option.id.clone(),
        name => format!("{name} ({})", option.id),
    }
}

fn position(options: &[PortalOption], id: &str) -> Option<usize> {
    options.iter().position(|option| option.id == id)
}

/// The option that was named by its code or its name.
fn named<'o>(flag: &str, given: &str, options: &'o [PortalOption]) -> Result<&'o PortalOption> {
    for option in options {
        let is_its_name = option.name.to_lowercase() == given.to_lowercase();
        if is_its_name || option.id == given || without_funnel(&option.id) == given {
            return Ok(option);
        }
    }
    let choices: Vec<String> = options.iter().map(label).collect();
    Err(usage(InitMessage::no_such_answer(flag, given, &choices.join(", "))))
}

/// The stages of all statuses are shown together; who does not agree is asked one by one.
fn ask_stages(interview: &mut Interview<'_>, funnel: u64, stages: &[PortalOption]) -> Result<()> {
    if moves_between_funnels(interview, funnel) {
        return Ok(());
    }
    let mut chosen: Vec<(BookingStatus, &PortalOption)> = Vec::new();
    for status in BookingStatus::ALL {
        chosen.push((status, proposed_stage(interview, status, stages)?));
    }
    let are_given =
        BookingStatus::ALL.into_iter().all(|status| given_stage(interview, status).is_some());
    if !are_given && !agrees(interview, &chosen)? {
        for (status, stage) in &mut chosen {
            let proposed = position(stages, &stage.id);
            let name = status_name(*status).into();
            let question =
                Question::new(QuestionMessage::Stage { status: name }, stage_flag(*status));
            *stage = &stages[interview.asker.choose(&question, &positions(stages), proposed)?];
        }
    }
    for (status, stage) in chosen {
        // The stages of the configuration are those of its funnel.
        let id = without_funnel(&stage.id);
        interview.draft.set(&["deal", "stages", status.word()], id, &stage.name);
    }
    Ok(())
}

/// Stages of several funnels were written by hand, and stay as they are.
fn moves_between_funnels(interview: &Interview<'_>, funnel: u64) -> bool {
    let own = format!("C{funnel}:");
    BookingStatus::ALL.into_iter().any(|status| {
        let stage = interview.draft.get(&["deal", "stages", status.word()]);
        stage.is_some_and(|stage| stage.contains(':') && !stage.starts_with(&own))
    })
}

fn given_stage<'i>(interview: &Interview<'i>, status: BookingStatus) -> Option<&'i str> {
    let given = interview.options.stage.iter().find(|(name, _)| name == status.word());
    given.map(|(_, stage)| stage.as_str())
}

/// The stage that an option names, else the one in the file, else the one that the status means.
fn proposed_stage<'s>(
    interview: &Interview<'_>,
    status: BookingStatus,
    stages: &'s [PortalOption],
) -> Result<&'s PortalOption> {
    if let Some(stage) = given_stage(interview, status) {
        return named(&stage_flag(status), stage, stages);
    }
    let key = ["deal", "stages", status.word()];
    let written = if interview.was_set_up() {
        interview.draft.get_or_default(&key)
    } else {
        interview.draft.get(&key)
    };
    let id = written.unwrap_or_default();
    let known = stages.iter().find(|stage| without_funnel(&stage.id) == without_funnel(&id));
    Ok(known.or_else(|| stage_for(status, stages)).unwrap_or(&stages[0]))
}

fn agrees(interview: &Interview<'_>, chosen: &[(BookingStatus, &PortalOption)]) -> Result<bool> {
    let language = interview.asker.language;
    let mut lines = vec![msg!(language, "Стадии сделок:", "Stages of the deals:")];
    for (status, stage) in chosen {
        lines.push(format!("  {} → {}", status_name(*status).text(language), label(stage)));
    }
    tell_lines(&lines);
    let no = msg!(language, "нет, назначить самому", "no, choose them");
    let question = Question::new(QuestionMessage::Stages, "--stage STATUS=STAGE");
    interview.asker.agree(&question, no)
}
