//! `batch`: up to fifty commands in one request (facts, section 2).

use chrono::{DateTime, Utc};

use crate::answer::{Answer, Outcome, Refusal};
use crate::methods;
use crate::php::{Php, split_command};
use crate::portal::Portal;
use crate::request::Request;
use crate::settings::Accounting;

/// Commands in a batch; what comes after them is refused one by one.
const MAX: usize = 50;
/// The words that a reference begins with: `$result[c1]`.
const WORDS: [&str; 5] = ["result", "error", "total", "next", "time"];

/// The containers of a batch's answer.
#[derive(Debug, Default)]
struct Results([(String, Php); 5]);

impl Results {
    fn new() -> Results {
        Results(WORDS.map(|word| (word.to_owned(), Php::empty())))
    }

    fn put(&mut self, word: &str, name: &str, value: impl Into<Php>) {
        if let Some((_, map)) = self.0.iter_mut().find(|(key, _)| key == word) {
            map.set(name, value);
        }
    }

    fn of(&self, word: &str) -> Option<&Php> {
        self.0.iter().find(|(key, _)| key == word).map(|(_, map)| map)
    }

    fn into_answer(self) -> Php {
        let key =
            |word: &str| if word == "result" { word.to_owned() } else { format!("result_{word}") };
        Php::map(self.0.into_iter().map(|(word, map)| (key(&word), map)))
    }
}

impl Portal {
    /// Runs the commands one after another; a failed one has no entry in `result`.
    pub(crate) fn batch(&mut self, params: &Php, request: &mut Request) -> Outcome {
        let halt = params.argument("halt").truthy();
        let mut results = Results::new();
        for (index, (name, command)) in params.argument("cmd").entries().iter().enumerate() {
            let Php::Str(command) = command else { continue };
            if request.left == Some(0) || request.seconds > self.settings.max_request_seconds {
                break;
            }
            let outcome = self.command(index, name, command, request, &results);
            let outcome = outcome.map_err(|refusal| self.leak(refusal, request));
            if outcome.is_err() && halt {
                record(&mut results, name, outcome);
                break;
            }
            record(&mut results, name, outcome);
        }
        self.charge_batch(request);
        Ok(Answer::from(results.into_answer()))
    }

    fn command(
        &mut self,
        index: usize,
        name: &str,
        command: &str,
        request: &mut Request,
        results: &Results,
    ) -> Result<(Answer, Php), Refusal> {
        if index >= MAX {
            return Err(Refusal::new(
                400,
                "ERROR_BATCH_LENGTH_EXCEEDED",
                "Max batch length exceeded",
            ));
        }
        let (method, params) = split_command(command);
        let method = method.as_str();
        if matches!(method, "batch" | "upload" | "download") {
            return Err(Refusal::new(
                400,
                "ERROR_BATCH_METHOD_NOT_ALLOWED",
                "Method is not allowed for batch usage",
            ));
        }
        let handler = methods::find(method).ok_or_else(Refusal::no_method)?;
        self.settings.check_scope(method)?;
        let key = self.budget_key(method);
        self.budget(method, &key)?;
        let params = substitute(&params, results);
        self.note(method, &params, Some(name));
        if let Some(left) = &mut request.left {
            *left -= 1;
        }
        let seconds = self.cost(method, &params);
        request.seconds += seconds;
        let answer = self.run(handler, method, &params)?;
        let answer = request.accept(answer)?;
        self.charge(request, &key, seconds);
        let time = self.time(&key, seconds);
        Ok((answer, time))
    }

    /// The budget that a method's commands use (facts, section 3.3).
    fn budget_key(&self, method: &str) -> String {
        match self.settings.accounting {
            Accounting::Documented => method.to_owned(),
            Accounting::Separate | Accounting::Bans => format!("batch|{method}"),
        }
    }

    /// The newest builds charge half of the time to `batch` itself.
    fn charge_batch(&mut self, request: &mut Request) {
        if self.settings.accounting == Accounting::Bans {
            self.charge(request, "batch", request.seconds / 2.0);
        }
    }

    /// Another webhook's batches used a method for so many seconds: the newest builds share one
    /// budget among all of them (facts, section 14.2).
    pub fn charge_elsewhere(&mut self, method: &str, seconds: f64, now: DateTime<Utc>) {
        self.now = now;
        let key = format!("batch|{}", method.to_lowercase());
        self.charge(&mut Request::default(), &key, seconds);
    }

    /// What a refused command answers: after one `ERROR_CORE` its code and text, where errors leak
    /// (facts, section 14.2).
    fn leak(&self, refusal: Refusal, request: &mut Request) -> Refusal {
        if !self.settings.leaking_errors {
            return refusal;
        }
        if request.leaked.is_none() && refusal.code == "ERROR_CORE" {
            request.leaked = Some(refusal.clone());
        }
        request.leaked.clone().unwrap_or(refusal)
    }
}

fn record(results: &mut Results, name: &str, outcome: Result<(Answer, Php), Refusal>) {
    match outcome {
        Ok((answer, time)) => {
            results.put("result", name, answer.result);
            results.put("time", name, time);
            if let Some(total) = answer.total {
                results.put("total", name, total as u64);
            }
            if let Some(next) = answer.next {
                results.put("next", name, next as u64);
            }
        }
        Err(refusal) => results.put("error", name, refusal.body()),
    }
}

/// Replaces references to earlier results (facts, section 2.2). There is no escape.
fn substitute(params: &Php, results: &Results) -> Php {
    match params {
        Php::Array(entries) => Php::map(
            entries.iter().map(|(name, value)| (name.as_str(), substitute(value, results))),
        ),
        Php::Str(text) => resolve(text, results).unwrap_or_else(|| params.clone()),
        _ => params.clone(),
    }
}

/// What a text becomes; `None` when nothing in it is a reference that can be replaced. Alone, a
/// reference becomes whatever it finds; within a text only what is a number or a text itself.
fn resolve(text: &str, results: &Results) -> Option<Php> {
    let mut replaced = text.to_owned();
    for token in text.split(is_blank).filter_map(token_of) {
        let value = look_up(token, results);
        if token == text {
            return Some(value);
        }
        if matches!(value, Php::Int(_) | Php::Float(_) | Php::Str(_)) {
            replaced = replaced.replace(token, &value.text());
        }
    }
    (replaced != text).then_some(Php::Str(replaced))
}

/// White space of ASCII alone ends a reference: a no-break space is a part of it.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// The reference in a word: from a `$word` to the end, with at least one `[part]`.
fn token_of(word: &str) -> Option<&str> {
    let begins = |at: &usize| WORDS.iter().any(|name| starts_with_ci(&word[at + 1..], name));
    let at = word.match_indices('$').map(|(at, _)| at).find(begins)?;
    let token = &word[at..];
    parts(token).next().is_some().then_some(token)
}

/// The `part` of each `[part]`.
fn parts(token: &str) -> impl Iterator<Item = &str> {
    let inner = token.split('[').skip(1).filter_map(|rest| rest.split_once(']'));
    inner.map(|(part, _)| part).filter(|part| !part.is_empty())
}

fn starts_with_ci(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Walks `[a][b]`; stops at the deepest level that exists, so a failed command yields *all*
/// results: an array, which is 1 when cast to an integer. The word is recognised in any case, but
/// found in lower case only.
fn look_up(token: &str, results: &Results) -> Php {
    let container =
        WORDS.iter().find(|word| token[1..].starts_with(**word)).and_then(|word| results.of(word));
    let Some(mut value) = container else { return Php::Null };
    for part in parts(token) {
        match value.find(part) {
            Some(inner) if !inner.is_null() => value = inner,
            _ => break,
        }
    }
    value.clone()
}
