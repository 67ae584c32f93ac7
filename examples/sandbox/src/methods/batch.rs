//! `batch`: up to fifty commands in one request (facts, section 2).

use chrono::{DateTime, Utc};

use crate::answer::{Answer, Outcome, Refusal};
use crate::methods::find_handler;
use crate::methods::references::{self, Results};
use crate::php::{Php, split_command};
use crate::portal::Portal;
use crate::request::Request;
use crate::settings::Accounting;

/// Commands in a batch; what comes after them is refused one by one.
const MAX_COMMANDS: usize = 50;

/// What a command answers, with its `time`.
type CommandOutcome = Result<(Answer, Php), Refusal>;

impl Portal {
    /// Runs the commands one after another; a failed one has no entry in `result`.
    pub(crate) fn execute_batch(&mut self, params: &Php, request: &mut Request) -> Outcome {
        let halts = params.argument("halt").truthy();
        let mut results = Results::default();
        for (index, (name, command)) in params.argument("cmd").entries().iter().enumerate() {
            let Php::Str(command) = command else { continue };
            let is_cut_off = request.seconds > self.settings.max_request_seconds;
            if request.commands_left == Some(0) || is_cut_off {
                break;
            }
            let outcome = self
                .execute_command(index, name, command, request, &results)
                .map_err(|refusal| self.with_leaked_error(refusal, request));
            let has_failed = outcome.is_err();
            put_outcome(&mut results, name, outcome);
            if has_failed && halts {
                break;
            }
        }
        self.charge_batch(request);
        Ok(Answer { result: results.into_php(), ..Answer::default() })
    }

    fn execute_command(
        &mut self,
        index: usize,
        name: &str,
        command: &str,
        request: &mut Request,
        results: &Results,
    ) -> CommandOutcome {
        let (method, params) = split_command(command);
        check_command(index, &method)?;
        let handler = find_handler(&method).ok_or_else(Refusal::no_method)?;
        self.settings.check_scope(&method)?;
        let budget = self.budget_of_command(&method);
        self.check_budget(&method, &budget)?;
        let params = references::replace_references(&params, results);
        self.count_call(&method, &params, Some(name));
        if let Some(left) = &mut request.commands_left {
            *left -= 1;
        }
        let seconds = self.cost_of_call(&method, &params);
        request.seconds += seconds;
        let answer = self.run_method(handler, &method, &params)?;
        let answer = request.accept_answer(answer)?;
        self.charge_call(request, &budget, seconds);
        let time = self.write_time(&budget, seconds);
        Ok((answer, time))
    }

    /// The budget that a method's commands use (facts, section 3.3).
    fn budget_of_command(&self, method: &str) -> String {
        match self.settings.accounting {
            Accounting::Documented => method.to_owned(),
            Accounting::Separate | Accounting::Bans => format!("batch|{method}"),
        }
    }

    /// The newest builds charge half of the time to `batch` itself.
    fn charge_batch(&mut self, request: &mut Request) {
        if self.settings.accounting == Accounting::Bans {
            self.charge_call(request, "batch", request.seconds / 2.0);
        }
    }

    /// Another webhook's batches used a method for so many seconds: the newest builds share one
    /// budget among all of them (facts, section 14.2).
    pub fn charge_elsewhere(&mut self, method: &str, seconds: f64, now: DateTime<Utc>) {
        self.now = now;
        let budget = format!("batch|{}", method.to_lowercase());
        self.charge_call(&mut Request::default(), &budget, seconds);
    }

    /// What a refused command answers: after one `ERROR_CORE` its code and text, where errors leak
    /// (facts, section 14.2).
    fn with_leaked_error(&self, refusal: Refusal, request: &mut Request) -> Refusal {
        if !self.settings.leaking_errors {
            return refusal;
        }
        if request.leaked.is_none() && refusal.code == "ERROR_CORE" {
            request.leaked = Some(refusal.clone());
        }
        request.leaked.clone().unwrap_or(refusal)
    }
}

/// Refuses a command that is one too many, and methods that a batch must not have.
fn check_command(index: usize, method: &str) -> Result<(), Refusal> {
    if index >= MAX_COMMANDS {
        let text = "Max batch length exceeded";
        return Err(Refusal::new(400, "ERROR_BATCH_LENGTH_EXCEEDED", text));
    }
    if matches!(method, "batch" | "upload" | "download") {
        let text = "Method is not allowed for batch usage";
        return Err(Refusal::new(400, "ERROR_BATCH_METHOD_NOT_ALLOWED", text));
    }
    Ok(())
}

fn put_outcome(results: &mut Results, name: &str, outcome: CommandOutcome) {
    match outcome {
        Ok((answer, time)) => {
            results.result.set(name, answer.result);
            results.time.set(name, time);
            if let Some(total) = answer.total {
                results.total.set(name, total as u64);
            }
            if let Some(next) = answer.next {
                results.next.set(name, next as u64);
            }
        }
        Err(refusal) => results.error.set(name, refusal.body()),
    }
}
