//! The script: what people do in the three systems, what nayose must make of it, and whether it did.

use super::stage::{COOL_DOWN, CRM_LIMIT, PATIENCE, Stage};
use crate::cli::output;
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::status::Protection;
use crate::model::{Name, counted};
use crate::sandbox::{Fault, FaultKind, SandboxSystem};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Prints as it goes, and counts what did not happen.
struct Teller {
    step: u32,
    failed: usize,
    checks: usize,
}

impl Teller {
    fn scene(&mut self, text: &str) {
        self.step += 1;
        output::data(&format!("\n{:>2}  {text}", self.step));
    }

    fn say(&self, text: &str) {
        output::data(&format!("    {text}"));
    }

    fn check(&mut self, what: &str, happened: bool) {
        self.checks += 1;
        if !happened {
            self.failed += 1;
        }
        output::data(&format!("    {} {what}", if happened { "ok     " } else { "MISSING" }));
    }
}

/// Waits until something is so; the time it took, or `None` if it did not come about.
async fn until(mut so: impl FnMut() -> bool) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if so() {
            return Some(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

fn secs(took: Option<Duration>) -> String {
    match took {
        None => "never".into(),
        Some(t) if t.as_millis() < 1000 => format!("{} ms", t.as_millis()),
        Some(t) => format!("{:.1} s", t.as_secs_f64()),
    }
}

fn flag(stage: &Stage, lead: u64, name: &str) -> bool {
    stage.sandbox.handle.lead(lead).is_some_and(|l| l.field(name) == Value::Bool(true))
}

/// Who got the newsletter, and how many of them sit on an open deal (their own, or their company's).
fn newsletter(stage: &Stage) -> (BTreeSet<u64>, usize) {
    let sent: BTreeSet<u64> = stage.sandbox.handle.send_newsletter(false).into_iter().map(|s| s.lead).collect();
    let wrong = stage.sandbox.handle.leads_on_open_deals(true).intersection(&sent).count();
    (sent, wrong)
}

/// One person to follow: on no deal, with a contact in the CRM and one lead in the MA.
pub struct FollowedPerson {
    pub contact: u64,
    lead: u64,
    pub email: String,
}

/// The first of the CRM's contacts whom nothing holds.
pub fn someone_free(stage: &Stage) -> Option<FollowedPerson> {
    let handle = &stage.sandbox.handle;
    handle.contacts().into_iter().find_map(|contact| {
        let email = contact.properties.get("email")?.trim().to_lowercase();
        let [lead] = handle.leads_with(&email)[..] else { return None };
        let free = stage.gate(&email).0 == "allow" && !flag(stage, lead, "marketingSuspended");
        free.then_some(FollowedPerson { contact: contact.id, lead, email })
    })
}

/// Plays it all. Returns how many expected things did not happen.
pub async fn play(stage: &Stage) -> usize {
    let mut teller = Teller { step: 0, failed: 0, checks: 0 };
    let outcome = scenes(stage, &mut teller).await;
    if let Err(why) = outcome {
        teller.check(&why, false);
    }
    output::data(&format!("\n{} checks, {} missing", teller.checks, teller.failed));
    teller.failed
}

async fn scenes(stage: &Stage, t: &mut Teller) -> Result<(), String> {
    first_contact(stage, t).await?;
    let followed = protected(stage, t).await?;
    deal(stage, t, &followed).await?;
    refusal(stage, t, &followed).await;
    crm_down(stage, t).await;
    settles(stage, t).await;
    goes_on(stage, t).await;
    Ok(())
}

async fn first_contact(stage: &Stage, t: &mut Teller) -> Result<(), String> {
    let handle = &stage.sandbox.handle;
    t.scene("Three systems know the same people, each in its own way. Nobody told the marketing system about the deals.");
    t.say(&format!(
        "CRM: {} contacts, {} deals; support: {} tickets; marketing: {} leads",
        handle.contacts().len(),
        handle.deals().len(),
        handle.tickets().len(),
        handle.leads().len()
    ));
    let (sent, wrong) = newsletter(stage);
    t.say(&format!("The newsletter goes out to {} leads; {wrong} of them are in talks about a deal, or their company is.", sent.len()));
    t.check("without nayose the newsletter reaches people on open deals", wrong > 0);

    t.scene("First contact only looks: everything is read, nothing is written.");
    let plan = match stage.shell.command(Command::Plan { limit: None, known: false }).await {
        Reply::Plan(plan) => plan,
        other => return Err(format!("the plan was not made: {}", why(other))),
    };
    let unprotected = plan.unprotected_by.get(&Name::from("ma")).copied().unwrap_or_default();
    unprotected.told(&"ma".into(), &plan.not_read).iter().for_each(|line| t.say(line));
    let (holds, updates) = (counted(plan.totals.hold, "hold", "holds"), counted(plan.totals.update, "update", "updates"));
    t.say(&format!("to write: {holds}, {updates}"));
    t.check("the plan says how many are unprotected", unprotected.open_deals > 0);
    t.check("nothing was written anywhere", handle.writes().is_empty());
    Ok(())
}

async fn protected(stage: &Stage, t: &mut Teller) -> Result<FollowedPerson, String> {
    let handle = &stage.sandbox.handle;
    t.scene("`nayose approve ma --holds`: protective writes may go. The daemon runs.");
    approve(stage, "ma", true).await?;
    stage.start();
    let took = until(|| stage.shell.engine().unprotected().values().all(|count| count.on_hold() == 0)).await;
    t.say(&format!("all holds were written within {}", secs(took)));
    t.check("every hold is in the marketing system", took.is_some());
    let only_blocks =
        handle.writes().iter().all(|w| w.fields.keys().all(|k| ["id", "marketingSuspended", "nayose_why"].contains(&k.as_str())));
    t.check("only blocks and their reasons were written", only_blocks);
    let (sent, wrong) = newsletter(stage);
    t.say(&format!("The newsletter goes out to {} leads; {wrong} of them are in talks.", sent.len()));
    t.check("nobody on an open deal gets it", wrong == 0 && !sent.is_empty());

    t.scene("`nayose approve ma`: status and fields may go too.");
    approve(stage, "ma", false).await?;
    let took = until(|| handle.leads().iter().any(|l| l.field("leadStatus") == json!("opportunity"))).await;
    t.check("lead statuses arrive", took.is_some());
    let quiet = until(|| stage.shell.engine().systems().named("ma").is_some_and(|s| s.outbox.is_empty() && s.channel.is_at_rest())).await;
    t.check("the writing comes to an end", quiet.is_some());
    someone_free(stage).ok_or_else(|| "nobody is left to follow: everyone is on hold".to_string())
}

async fn deal(stage: &Stage, t: &mut Teller, who: &FollowedPerson) -> Result<(), String> {
    let handle = &stage.sandbox.handle;
    t.scene(&format!("A salesperson opens a deal with {}.", who.email));
    let deal = handle.open_deal(&[who.contact], None).map_err(|e| e.to_string())?;
    let took = until(|| flag(stage, who.lead, "marketingSuspended")).await;
    t.say(&format!("the block stands in the marketing system after {}", secs(took)));
    t.check("the block lands", took.is_some());
    t.check("the gate says hold, open_deal_person", stage.gate(&who.email) == ("hold".into(), vec!["open_deal_person".into()]));
    let (sent, wrong) = newsletter(stage);
    t.check("the next newsletter passes them by", !sent.contains(&who.lead) && wrong == 0);

    t.scene("The same person fills in a form: a second lead, which knows nothing of the deal.");
    let twin = handle.twin_lead(who.lead).map_err(|e| e.to_string())?;
    handle
        .edit_lead(twin, json!({"marketingSuspended": false}).as_object().unwrap_or(&serde_json::Map::new()))
        .map_err(|e| e.to_string())?;
    let took = until(|| flag(stage, twin, "marketingSuspended")).await;
    t.say(&format!("the new lead is blocked after {}", secs(took)));
    t.check("a new record of a held person is held", took.is_some());

    t.scene(&format!("The deal is lost. Policy: {} s of quiet (30 days in life).", COOL_DOWN.as_secs()));
    handle.set_deal_stage(deal, "lost").map_err(|e| e.to_string())?;
    let cooling = until(|| stage.gate(&who.email).1.contains(&"cooldown".to_string())).await;
    t.check("the hold goes on as cooldown", cooling.is_some() && flag(stage, who.lead, "marketingSuspended"));
    t.say("Meanwhile the person clicks \"unsubscribe\".");
    handle.unsubscribe(who.lead).map_err(|e| e.to_string())?;
    let took = until(|| !flag(stage, who.lead, "marketingSuspended")).await;
    t.say(&format!("our block is lifted {} later", secs(took)));
    t.check("the block ends with the cool-down", took.is_some());
    Ok(())
}

async fn refusal(stage: &Stage, t: &mut Teller, who: &FollowedPerson) {
    let handle = &stage.sandbox.handle;
    t.scene("The hold is over, the person's own no is not.");
    let denied = until(|| stage.gate(&who.email).1.contains(&"refused_all".to_string())).await;
    t.check("the gate says deny, refused_all", denied.is_some() && stage.gate(&who.email).0 == "deny");
    t.check("still unsubscribed in the marketing system", flag(stage, who.lead, "unsubscribed"));
    t.check("no write ever carried the consent field", handle.writes().iter().all(|w| !w.fields.contains_key("unsubscribed")));
    let (sent, wrong) = newsletter(stage);
    t.check("the newsletter passes them by for good", !sent.contains(&who.lead) && wrong == 0);
    t.say("A sweep also finds those who were unsubscribed in bulk, which moves no timestamp and fires no webhook.");
    let bulk: Vec<u64> = sent.iter().copied().take(3).collect();
    let addresses: Vec<String> = bulk.iter().filter_map(|l| handle.lead(*l)?.field("email").as_str().map(String::from)).collect();
    let done = handle.unsubscribe_bulk(&bulk).is_ok();
    let found = until(|| addresses.iter().all(|a| stage.gate(a).0 == "deny")).await;
    t.check("all three are refused at the gate", done && addresses.len() == 3 && found.is_some());
}

async fn crm_down(stage: &Stage, t: &mut Teller) {
    let handle = &stage.sandbox.handle;
    let Some(free) = someone_free(stage) else {
        t.check("someone is left whom the gate allows", false);
        return;
    };
    t.scene(&format!(
        "The CRM goes down. Its data may be {} s old (15 minutes in life); its search alone may trail by 60 s.",
        CRM_LIMIT.as_secs()
    ));
    t.check(&format!("before: the gate allows {}", free.email), stage.gate(&free.email).0 == "allow");
    handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::Down));
    let held = until(|| stage.gate(&free.email).1.contains(&"stale_crm".to_string())).await;
    t.say(&format!("after {} the gate says {}", secs(held), stage.gate(&free.email).1.join(", ")));
    t.check("the gate holds everyone whose deals it cannot see", held.is_some());
    let said = match stage.shell.command(Command::Status).await {
        // The deals or their people: whichever was proved longer ago.
        Reply::Status(status) => status.protection.name() == "not_protecting" && status.because.iter().any(|b| b.contains("crm.deal")),
        _ => false,
    };
    t.check("`nayose status` says so, and why", said);
    t.check("no block was lifted meanwhile", newsletter(stage).1 == 0);
    handle.clear_faults(SandboxSystem::Crm);
    let back = until(|| stage.gate(&free.email).0 == "allow").await;
    t.say(&format!("the CRM is back; after {} the gate allows again", secs(back)));
    t.check("it goes on by itself", back.is_some());
}

async fn settles(stage: &Stage, t: &mut Teller) {
    let handle = &stage.sandbox.handle;
    t.scene("The daemon is told to stop, and everything is read once more.");
    t.check("it ends in time", stage.stop().await);
    let first = stage.shell.command(Command::Sync { system: None }).await;
    let before = handle.writes().len();
    let second = stage.shell.command(Command::Sync { system: None }).await;
    t.check(
        "a second sync right after one writes nothing",
        matches!((first, second), (Reply::Sync(_), Reply::Sync(_))) && handle.writes().len() == before,
    );
}

async fn goes_on(stage: &Stage, t: &mut Teller) {
    t.scene("The daemon is started again.");
    stage.start();
    let mut said = Vec::new();
    let began = Instant::now();
    let protecting = loop {
        if let Reply::Status(status) = stage.shell.command(Command::Status).await {
            if status.protection == Protection::Protecting {
                break true;
            }
            said = status.because;
        }
        if began.elapsed() >= PATIENCE {
            break false;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    t.check("`nayose status` says protecting", protecting);
    if !protecting {
        said.iter().for_each(|line| t.say(line));
    }
}

async fn approve(stage: &Stage, what: &str, holds: bool) -> Result<(), String> {
    match stage.shell.command(Command::Approve { what: what.into(), holds, moved: false, by: "demo".into() }).await {
        Reply::Approved(_) => Ok(()),
        other => Err(format!("{what} could not be approved: {}", why(other))),
    }
}

/// Why a command was not done.
fn why(reply: Reply) -> String {
    match reply {
        Reply::Refused(why) | Reply::Failed(why) => why,
        _ => "the daemon answered another question".into(),
    }
}
