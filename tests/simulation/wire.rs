//! The wire between the program and the portal: it breaks, and on it the process dies.

use std::panic::resume_unwind;
use std::time::Duration;

use bitrix24_sandbox::{Bucket, Reply};
use chrono::TimeDelta;
use ecvi_b24::portal::{CallError, Portal, Response, decode};
use serde_json::Value;

use crate::crm_users::CrmAction;
use crate::ecvi_changes::HotelAction;
use crate::invariants::snapshot;
use crate::lists::{Asked, Oddity};
use crate::log_lines;
use crate::portal_changes::Decision;
use crate::rng::Rng;
use crate::world::{SECRET, World};

/// What befalls one request of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The connection is refused.
    Refused,
    /// The call never arrives; nobody tells.
    LostBefore,
    /// The call is carried out, its answer is lost.
    LostAfter,
    /// Only some commands of the batch are carried out, and the answer is lost.
    Partly,
    /// Nobody answers for so many seconds, and the call takes effect so many seconds after it was
    /// made: within a minute from when the portal has all of it.
    Late { patience: u64, effect: i64 },
    /// The answer breaks off in the middle.
    Garbled,
    /// One command of the batch is carried out and not answered.
    OneSilent,
    /// A page of the gateway, with the address of the call on it.
    Page { executed: bool },
    /// 503, the leaky bucket is full.
    TooFast,
    /// 429, the time budget is used up: by the portal's accounting, in the batch or as its answer.
    OverBudget,
    /// 401, the webhook was deleted.
    Revoked,
    /// 302, the portal was renamed.
    Moved,
    /// The process dies in the midst of the call.
    Killed(Call),
    /// The process dies when it has said so many lines, between two requests or in the midst of
    /// writing.
    Speechless,
    /// The process dies before its commit of this number.
    Unsaved,
    /// The lists in the answer are not what they ought to be.
    Odd(Oddity),
    /// The tariff's disk space is used up.
    FullDisk,
    /// The next request that deletes a deal is not answered.
    DeletionLost { executed: bool },
    /// Somebody acts in the CRM just before the call.
    CrmAction(CrmAction),
    /// Somebody decides about the whole portal just before the call.
    Decision(Decision),
    /// Somebody acts in Ecvi just before the call.
    HotelAction(HotelAction),
}

/// What becomes of a call whose caller dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    /// It never gets there.
    Lost,
    /// It takes effect so many seconds later.
    Late(i64),
    /// It is carried out.
    Done,
}

/// A fault at the request of this number, and at so many that follow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Incident {
    pub(crate) at: u32,
    pub(crate) lasts: u32,
    pub(crate) fault: Fault,
    pub(crate) rng: u64,
}

impl Incident {
    fn meets(&self, request: u32, params: &Value) -> bool {
        match self.fault {
            Fault::DeletionLost { .. } => calls(params, "crm.deal.delete"),
            _ => (self.at..=self.at.saturating_add(self.lasts)).contains(&request),
        }
    }
}

/// The process dies. Unwound to the run, past everything that would write.
pub(crate) struct Killed;

/// The portal as the program sees it during one run.
pub(crate) struct Wire<'w> {
    pub(crate) world: &'w mut World,
    pub(crate) incidents: &'w [Incident],
    pub(crate) count: u32,
}

/// Whether one of the commands calls this method.
fn calls(params: &Value, method: &str) -> bool {
    let Some(commands) = params["cmd"].as_object() else { return false };
    commands.values().any(|command| command.as_str().is_some_and(|call| call.starts_with(method)))
}

const LATENCY: Duration = Duration::from_millis(100);

impl Portal for Wire<'_> {
    fn call(&mut self, method: &str, params: &Value) -> Result<Response, CallError> {
        if log_lines::is_dead() {
            resume_unwind(Box::new(Killed));
        }
        self.count += 1;
        self.world.asked.push(Asked { writes: may_write(params), ..Asked::default() });
        self.world.look_at_state();
        let now: Vec<Incident> = self
            .incidents
            .iter()
            .filter(|incident| incident.meets(self.count, params))
            .cloned()
            .collect();
        let mut broken = self.world.is_silent_for(params);
        for incident in now {
            match incident.fault {
                // Where it lasts, somebody acts before each of the requests, and not always on the
                // same object.
                Fault::CrmAction(crm_action) => {
                    self.world.change_crm(
                        crm_action,
                        &mut Rng::new(incident.rng + u64::from(self.count)),
                    );
                }
                Fault::Decision(decision) => self.world.decide(decision),
                Fault::HotelAction(hotel_action) => {
                    self.world.change_ecvi(hotel_action, &mut Rng::new(incident.rng));
                }
                Fault::Speechless | Fault::Unsaved => {}
                fault => broken = Some((fault, Rng::new(incident.rng))),
            }
        }
        match broken {
            None => {
                let answer = self.world.execute(method, params, usize::MAX).decode(method);
                answer.inspect(|answer| self.world.note_lists(method, params, answer))
            }
            Some((fault, rng)) => {
                self.world.tell(format!(
                    "  request {} ({}): {fault:?}",
                    self.count,
                    names(method, params)
                ));
                self.world.broken(fault, rng, method, params)
            }
        }
    }
}

/// A batch by its commands.
fn names(method: &str, params: &Value) -> String {
    let Some(commands) = params["cmd"].as_object() else { return method.to_owned() };
    let mut names: Vec<&str> =
        commands.values().filter_map(|command| command.as_str()?.split('?').next()).collect();
    names.dedup();
    format!("{} commands: {}", commands.len(), names.join(", "))
}

/// Whether one of the commands is more than a question.
fn may_write(params: &Value) -> bool {
    let asks = |command: &Value| {
        let method =
            command.as_str().and_then(|command| command.split('?').next()).unwrap_or_default();
        [".list", ".get", ".fields", ".findbycomm"].iter().any(|end| method.ends_with(end))
    };
    params["cmd"].as_object().is_none_or(|commands| !commands.values().all(asks))
}

trait Decode {
    fn decode(self, method: &str) -> Result<Response, CallError>;
}

impl Decode for Reply {
    fn decode(self, method: &str) -> Result<Response, CallError> {
        match self.location {
            Some(place) => Err(CallError::Redirected(place)),
            None => decode(self.status, self.body.as_bytes(), method == "batch"),
        }
    }
}

fn lost() -> Result<Response, CallError> {
    Err(CallError::UnknownOutcome("connection reset".into()))
}

impl World {
    fn is_silent_for(&self, params: &Value) -> Option<(Fault, Rng)> {
        let (kind, executed) = self.silent?;
        let is_met = ["add", "update", "import"]
            .iter()
            .any(|verb| calls(params, &format!("crm.{}.{verb}", kind.word())));
        let fault = if executed { Fault::LostAfter } else { Fault::LostBefore };
        is_met.then(|| (fault, Rng::new(1)))
    }

    /// The portal carries out a call, `commands` of a batch at most, and what must never happen is
    /// looked for.
    fn execute(&mut self, method: &str, params: &Value, commands: usize) -> Reply {
        self.let_late_calls_act();
        let before = may_write(params).then(|| snapshot(&self.portal));
        let now = self.portal_now();
        let reply = match commands {
            usize::MAX => self.portal.call(method, params.clone(), now),
            some => self.portal.call_at_most(some, method, params.clone(), now),
        };
        if let Some(before) = before {
            self.invariants.compare(&before, &self.portal, self.run_began);
            self.check_new_deals(&before);
        }
        self.clock.sleep(LATENCY + Duration::from_secs_f64(reply.seconds));
        self.lost_answers |= reply.status == 504;
        reply
    }

    /// Calls that were accepted without an answer take effect.
    pub(crate) fn let_late_calls_act(&mut self) {
        if self.late_calls {
            let before = snapshot(&self.portal);
            let now = self.portal_now();
            self.portal.tick(now);
            // Whatever people restored while the call was on its way is no fault of ours.
            self.invariants.compare(&before, &self.portal, now - TimeDelta::minutes(3));
            // It took effect when it was due, and not only with the request that shows it.
            let effect = self.last_effect.map_or(now, |at| at.min(now));
            let after = snapshot(&self.portal);
            let made = after.keys().filter(|object| !before.contains_key(*object));
            self.invariants.born.extend(made.map(|object| (*object, effect)));
        }
    }

    /// The portal carries out a call so many seconds from now.
    fn defer(&mut self, method: &str, params: &Value, seconds: i64) {
        let at = self.portal_now() + TimeDelta::seconds(seconds);
        self.portal.defer(method, params.clone(), at);
        self.late_calls = true;
        self.last_effect = Some(at);
    }

    fn broken(
        &mut self,
        fault: Fault,
        mut rng: Rng,
        method: &str,
        params: &Value,
    ) -> Result<Response, CallError> {
        self.lost_answers = true;
        match fault {
            Fault::Refused => Err(CallError::NotSent("ConnectionRefused".into())),
            Fault::LostBefore | Fault::DeletionLost { executed: false } => lost(),
            Fault::LostAfter | Fault::DeletionLost { executed: true } => {
                self.execute(method, params, usize::MAX);
                lost()
            }
            Fault::Partly => {
                self.execute(method, params, rng.roll(4));
                lost()
            }
            Fault::Late { patience, effect } => {
                self.defer(method, params, effect);
                self.clock.sleep(Duration::from_secs(patience));
                lost()
            }
            Fault::Garbled => {
                let reply = self.execute(method, params, usize::MAX);
                let half = &reply.body.as_bytes()[..reply.body.len() / 2];
                decode(reply.status, half, method == "batch")
            }
            Fault::OneSilent => self.one_silent(method, params, &mut rng),
            Fault::Page { executed } => {
                if executed {
                    self.execute(method, params, usize::MAX);
                }
                let page = format!("<html><title>502 /rest/1/{SECRET}/{method}</title>");
                decode(502, page.as_bytes(), method == "batch")
            }
            Fault::TooFast
            | Fault::OverBudget
            | Fault::Revoked
            | Fault::Moved
            | Fault::FullDisk => self.refused(fault, method, params),
            Fault::Killed(call) => {
                match call {
                    Call::Lost => {}
                    Call::Late(seconds) => self.defer(method, params, seconds),
                    Call::Done => drop(self.execute(method, params, usize::MAX)),
                }
                self.keep_what_is_on_disk();
                resume_unwind(Box::new(Killed))
            }
            Fault::Odd(oddity) => {
                let answer = self.execute(method, params, usize::MAX).decode(method);
                answer.map(|answer| self.odd(oddity, method, params, answer))
            }
            Fault::CrmAction(_)
            | Fault::Decision(_)
            | Fault::HotelAction(_)
            | Fault::Speechless
            | Fault::Unsaved => lost(),
        }
    }

    fn one_silent(
        &mut self,
        method: &str,
        params: &Value,
        rng: &mut Rng,
    ) -> Result<Response, CallError> {
        let mut answer = self.execute(method, params, usize::MAX).decode(method)?;
        for part in ["result", "result_error"] {
            if let Some(named) = answer.result.get_mut(part).and_then(Value::as_object_mut)
                && let Some(name) = named.keys().nth(rng.roll(named.len())).cloned()
            {
                named.remove(&name);
            }
        }
        Ok(answer)
    }

    /// The portal itself refuses, by its own rules, for this one request.
    fn refused(
        &mut self,
        fault: Fault,
        method: &str,
        params: &Value,
    ) -> Result<Response, CallError> {
        let settings = self.portal.settings.clone();
        let counters = self.portal.counters.clone();
        let now = &mut self.portal.settings;
        match fault {
            Fault::TooFast => now.bucket = Some(Bucket { per_second: 0.0, burst: 0.0 }),
            Fault::OverBudget => now.operating = Some(-1.0),
            Fault::FullDisk => {
                now.full_disk = true;
                self.relieved = true;
                self.struck = true;
            }
            Fault::Revoked => now.condition = bitrix24_sandbox::Condition::Revoked,
            _ => {
                now.condition =
                    bitrix24_sandbox::Condition::Moved("https://neu.bitrix24.ru".into());
            }
        }
        let reply = self.execute(method, params, usize::MAX);
        self.portal.settings = settings;
        self.portal.counters = counters;
        reply.decode(method)
    }
}
