//! kill -9 at random moments of `sync` and of `run`.

use super::script::{Dice, Script, leads};
use super::{Row, number};
use crate::harness::{Process, Setup, World};
use nayose::sandbox::{FaultKind, SandboxSystem};
use std::time::{Duration, Instant};

/// The undisturbed twin syncs once in so many steps: the script's changes end alike whoever looked in between.
const CALM_EVERY: usize = 5;

pub fn rows() -> Vec<Row> {
    let seed = number("NAYOSE_KILL_SEED", 20_261_121) as u64;
    let kills = number("NAYOSE_KILLS", 200);
    println!("seed {seed}; NAYOSE_KILL_SEED chooses another");
    let (killed, calm) = (World::new(Setup::default()), World::new(Setup::default()));
    let [mut script, mut same] = [&killed, &calm].map(|w| Script::begin(seed, &w.sandbox.handle));
    for world in [&killed, &calm] {
        world.run("plan").exits(4);
        world.run("approve ma").exits(0);
        // A little late, so that kills fall into requests under way and not only into the start of the process.
        world.fault(SandboxSystem::Ma, FaultKind::Slow { ms: 15 });
    }
    let mut when = Dice(seed ^ 0x9e37_79b9_7f4a_7c15);
    let (mut whole, mut ended_before, mut of_run) = (Duration::ZERO, 0, 0);
    for step in 0..kills {
        script.step(&killed.sandbox.handle, step);
        same.step(&calm.sandbox.handle, step);
        if step % CALM_EVERY == 0 {
            let begun = Instant::now();
            calm.sync().exits(0);
            whole = begun.elapsed();
        }
        let after = Duration::from_micros(when.below(whole.as_micros() as u64));
        let run = step % 2 == 1;
        of_run += usize::from(run);
        let args: &[&str] = if run { &["run"] } else { &["sync", "--json"] };
        let mut process = Process::start(&mut killed.command(args));
        ended_before += usize::from(process.wait(after).is_some());
        process.kill();
        let (_, err) = process.output();
        assert!(
            !err.contains("panicked") && !err.contains("damaged") && !err.contains("could not be used"),
            "step {step}, {after:?}: {err}"
        );
        killed.check_writes();
    }
    println!("{ended_before} of {kills} had ended before they were to be killed");
    assert!(ended_before < kills / 2, "most ended before they were killed: this proves little");
    let refused: Vec<u64> = killed.sandbox.handle.leads().iter().filter(|l| l.flag("unsubscribed")).map(|l| l.id).collect();
    for world in [&killed, &calm] {
        // Nothing is released before the marketing system's whole list was read, which is due a second after it was last.
        world.sync_until("it settles", |w| w.run("plan").code == 0);
        world.sweep_ma();
        world.sync().exits(0);
    }
    let (left, right) = (leads(&killed), leads(&calm));
    for (id, lead) in right.as_object().unwrap() {
        assert_eq!(&left[id], lead, "lead {id}, seed {seed}\n{}", killed.run_text(&format!("explain ma:person:{id}")));
    }
    assert_eq!(left, right, "seed {seed}");
    killed.run("plan").exits(0);
    assert!(script.leads.iter().step_by(9).take(5).all(|l| killed.blocked(*l)), "a marketer's own suspension was lifted");
    let mut denied = 0;
    for lead in &refused {
        let (decision, reasons) = killed.gate(&format!("ma:person:{lead}"));
        assert_eq!(decision, "deny", "lead {lead} refused: {reasons:?}");
        denied += 1;
    }
    assert!(denied > 0);
    let status = killed.status();
    assert_eq!(status["systems"]["ma"]["approved"], "all");
    assert!(!killed.because().contains("journal"), "{}", killed.because());
    vec![Row {
        damage: format!("kill -9 of `sync` ({}) and `run` ({of_run}) at random moments", kills - of_run),
        times: kills,
        seen: "same end as the undisturbed twin, lead by lead; no damage told".into(),
        refusals: format!("{denied} of {}", refused.len()),
        approvals: "1 of 1".into(),
        widened: 0,
    }]
}
