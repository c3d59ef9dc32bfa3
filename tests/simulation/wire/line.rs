//! The real connectors of one process, and how their futures go on: polled by hand, each poll answered by the simulated systems.

use super::post::{Letter, Post};
use crate::dice::Dice;
use crate::driver::World;
use crate::setup::Setup;
use crate::truth::Table;
use futures::future::BoxFuture;
use nayose::connector::network::Network;
use nayose::connector::{Clock, Connector, RestConnector};
use nayose::model::Time;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The connectors of one process.
pub struct Line {
    systems: BTreeMap<&'static str, (Arc<Post>, Arc<RestConnector>)>,
    now: Arc<AtomicI64>,
    ahead: Arc<AtomicI64>,
}

impl Line {
    pub fn new(setup: &Setup, true_now: Time) -> Line {
        let (now, ahead) = (Arc::new(AtomicI64::new(true_now.0)), Arc::new(AtomicI64::new(0)));
        let clock: Clock = {
            let (now, ahead) = (now.clone(), ahead.clone());
            Arc::new(move || Time(now.load(Ordering::Relaxed) + ahead.load(Ordering::Relaxed)))
        };
        let made = setup.systems.iter().map(|system| {
            let post = Arc::new(Post::new(now.clone()));
            let (config, network) = (&system.config, Network::default());
            let connector = RestConnector::over(post.wire(), &network, &config.manifest, &config.settings, clock.clone());
            let connector = Arc::new(connector.unwrap_or_else(|why| panic!("{}: {why:?}", config.name())));
            let name = Table::ALL.into_iter().map(Table::system).find(|n| **n == **config.name()).unwrap_or("");
            (name, (post, connector))
        });
        Line { systems: made.collect(), now, ahead }
    }

    pub fn connector(&self, system: &str) -> Arc<dyn Connector> {
        self.systems[system].1.clone()
    }

    /// What time it is in truth, and by the daemon's clock.
    pub fn set_time(&self, true_now: Time, ours: Time) {
        self.now.fetch_max(true_now.0, Ordering::Relaxed);
        self.ahead.store(ours.0 - true_now.0, Ordering::Relaxed);
    }

    /// Answers what was asked for, and polls once more. Pauses on the way have passed in the world, too.
    pub fn go_on<T>(
        &self,
        system: &'static str,
        going: &mut BoxFuture<'static, T>,
        letters: &mut Vec<Letter>,
        world: &mut World<'_>,
        dice: &mut Dice,
        requests: &mut u64,
    ) -> Option<T> {
        let post = &self.systems[system].0;
        self.now.fetch_max(world.truth.now.0, Ordering::Relaxed);
        if letters.is_empty()
            && let Some(done) = self.poll(post, going, letters, world)
        {
            return Some(done);
        }
        for letter in letters.iter_mut().filter(|l| !l.answered) {
            *requests += 1;
            letter.answered = true;
            let answer = world.site(system, dice).answer(&letter.request);
            post.answer(letter.ticket, answer);
        }
        letters.clear();
        self.poll(post, going, letters, world)
    }

    /// Polls for the first time; what is asked for reaches the system at once, or when it is answered.
    pub fn leave<T>(
        &self,
        system: &'static str,
        going: &mut BoxFuture<'static, T>,
        letters: &mut Vec<Letter>,
        world: &mut World<'_>,
        dice: &mut Dice,
        requests: &mut u64,
    ) -> Option<T> {
        let post = &self.systems[system].0;
        if let Some(done) = self.poll(post, going, letters, world) {
            return Some(done);
        }
        if dice.once_in(2) {
            for letter in letters.iter_mut() {
                *requests += 1;
                letter.answered = true;
                let answer = world.site(system, dice).answer(&letter.request);
                post.answer(letter.ticket, answer);
            }
        }
        None
    }

    fn poll<T>(&self, post: &Post, going: &mut BoxFuture<'static, T>, letters: &mut Vec<Letter>, world: &mut World<'_>) -> Option<T> {
        let done = post.poll(going, letters);
        world.truth.now = world.truth.now.max(Time(self.now.load(Ordering::Relaxed)));
        done
    }
}
