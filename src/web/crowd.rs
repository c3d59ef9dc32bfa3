//! Who is connected, and who gives way when it becomes crowded: never someone whose question is being answered, unless it
//! asks the next one without taking the answer.
//!
//! A connection costs nothing to open and to leave idle, so that places are worth little: they are kept by asking. A proxy in front of
//! nayose is one peer with many connections, and may have all places as long as it asks.

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Its request, or the first one at all, has not come whole.
    Asking,
    /// It waits for us.
    Waiting,
    /// Its last request was answered.
    Answered,
}

#[derive(Debug)]
struct GuestState {
    peer: IpAddr,
    doing: Doing,
    /// Counts changes: the smallest has been at it for longest.
    since: u64,
    leave: Arc<Notify>,
    /// Its questions come before the answers are taken.
    ahead: bool,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Crowd {
    table: Mutex<Guests>,
}

#[derive(Debug, Default)]
struct Guests {
    turn: u64,
    guests: HashMap<u64, GuestState>,
}

/// One connection; it is forgotten with the last copy.
#[derive(Debug, Clone)]
pub struct Guest(Arc<GuestConnection>);

#[derive(Debug)]
struct GuestConnection {
    crowd: Arc<Crowd>,
    id: u64,
    head_came: AtomicBool,
    leave: Arc<Notify>,
}

impl Crowd {
    /// Takes a connection in. Of its peer's that have not asked yet, so many may stay; then the oldest of them gives way.
    pub fn enter(self: &Arc<Crowd>, address: IpAddr, asking_max: usize) -> Guest {
        let (peer, leave) = (peer(address), Arc::new(Notify::new()));
        let mut table = self.table();
        let asks = |e: &GuestState| e.peer == peer && e.doing == Doing::Asking;
        if table.guests.values().filter(|e| asks(e)).count() >= asking_max {
            table.send_away(asks);
        }
        let id = table.next_turn();
        table.guests.insert(id, GuestState { peer, doing: Doing::Asking, since: id, leave: leave.clone(), ahead: false });
        drop(table);
        Guest(Arc::new(GuestConnection { crowd: self.clone(), id, head_came: AtomicBool::new(false), leave }))
    }

    /// One who asks ahead gives way, or else one who is not being answered: of the peer that has most such connections, the oldest.
    pub fn make_room(&self) {
        let mut table = self.table();
        let ahead = table.guests.values().any(|e| e.ahead);
        let gives_way = |e: &GuestState| if ahead { e.ahead } else { e.doing != Doing::Waiting };
        let mut of_peer: HashMap<IpAddr, usize> = HashMap::new();
        table.guests.values().filter(|e| gives_way(e)).for_each(|e| *of_peer.entry(e.peer).or_default() += 1);
        if let Some((most, _)) = of_peer.into_iter().max_by_key(|(_, count)| *count) {
            table.send_away(|e| e.peer == most && gives_way(e));
        }
    }

    fn table(&self) -> MutexGuard<'_, Guests> {
        // Each change is whole in itself.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guests {
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    fn send_away(&mut self, which: impl Fn(&GuestState) -> bool) {
        let oldest = self.guests.iter().filter(|(_, e)| which(e)).min_by_key(|(_, e)| e.since).map(|(id, _)| *id);
        if let Some(entry) = oldest.and_then(|id| self.guests.remove(&id)) {
            entry.leave.notify_one();
        }
    }
}

impl Guest {
    /// Returns when this one has to give way.
    pub async fn sent_away(&self) {
        self.0.leave.notified().await;
    }

    /// Whether the head of any request came whole.
    pub fn head_came(&self) -> bool {
        self.0.head_came.load(Ordering::Relaxed)
    }

    /// Whether its request came without that the answer before it was waited for.
    pub fn asks_ahead(&self, ahead: bool) {
        if let Some(entry) = self.0.crowd.table().guests.get_mut(&self.0.id) {
            entry.ahead = ahead;
        }
    }

    /// Its request is here to the end.
    pub fn has_asked(&self) {
        self.is_now(Doing::Waiting);
    }

    fn is_now(&self, doing: Doing) {
        let mut table = self.0.crowd.table();
        let turn = table.next_turn();
        if let Some(entry) = table.guests.get_mut(&self.0.id) {
            (entry.doing, entry.since) = (doing, turn);
        }
    }
}

impl Drop for GuestConnection {
    fn drop(&mut self) {
        self.crowd.table().guests.remove(&self.id);
    }
}

/// Follows the requests of a connection.
pub async fn follow(State(guest): State<Guest>, mut request: Request, next: Next) -> Response {
    guest.0.head_came.store(true, Ordering::Relaxed);
    guest.is_now(if request.body().is_end_stream() { Doing::Waiting } else { Doing::Asking });
    request.extensions_mut().insert(guest.clone());
    let answer = next.run(request).await;
    guest.is_now(Doing::Answered);
    answer
}

/// Whoever has an IPv6 address has 2^64 of them.
fn peer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn here(crowd: &Crowd) -> usize {
        crowd.table().guests.len()
    }

    fn gone(guest: &Guest) -> bool {
        guest.sent_away().now_or_never().is_some()
    }

    #[test]
    fn of_a_peer_only_so_many_stay_that_have_not_asked() {
        let crowd = Arc::new(Crowd::default());
        let [mallory, proxy]: [IpAddr; 2] = ["10.0.0.6".parse().unwrap(), "10.0.0.7".parse().unwrap()];
        let asking: Vec<Guest> = (0..3).map(|_| crowd.enter(mallory, 3)).collect();
        let answered: Vec<Guest> = (0..9).map(|_| crowd.enter(proxy, 3)).inspect(|g| g.is_now(Doing::Answered)).collect();
        assert!(!asking.iter().chain(&answered).any(gone));
        let fourth = crowd.enter(mallory, 3);
        assert_eq!(asking.iter().map(gone).collect::<Vec<_>>(), [true, false, false], "the oldest gives way, once");
        asking[1].has_asked();
        let fifth = crowd.enter(mallory, 3);
        assert!(![&asking[1], &asking[2], &fourth, &fifth].into_iter().chain(&answered).any(gone), "two have not asked, and may stay");
        assert_eq!(here(&crowd), 3 + 1 + 9);
        drop((asking, answered, fourth, fifth));
        assert_eq!(here(&crowd), 0);
    }

    #[test]
    fn room_is_made_by_the_oldest_idle_one_of_the_peer_that_has_most() {
        let crowd = Arc::new(Crowd::default());
        let [few, many]: [IpAddr; 2] = ["10.0.0.6".parse().unwrap(), "10.0.0.7".parse().unwrap()];
        let one = crowd.enter(few, 99);
        let crowded: Vec<Guest> = (0..4).map(|_| crowd.enter(many, 99)).collect();
        // Busy, and idle again only now.
        crowded[0].has_asked();
        crowded[1].is_now(Doing::Answered);
        for want in [2, 3] {
            crowd.make_room();
            assert!(gone(&crowded[want]) && !gone(&one), "{want}");
        }
        crowd.make_room();
        assert!(gone(&crowded[1]) != gone(&one), "each has one left that is idle");
        crowd.make_room();
        crowd.make_room();
        assert!(!gone(&crowded[0]), "who waits for an answer gets it");
        assert_eq!(here(&crowd), 1);
    }

    #[test]
    fn who_asks_ahead_gives_way_before_all_others_and_though_it_is_being_answered() {
        let crowd = Arc::new(Crowd::default());
        let proxy: Vec<Guest> = (0..9).map(|_| crowd.enter(IpAddr::from([10, 0, 0, 7]), 99)).collect();
        let deaf: Vec<Guest> = (0..2).map(|_| crowd.enter(IpAddr::from([10, 0, 0, 6]), 99)).collect();
        deaf.iter().for_each(Guest::has_asked);
        deaf.iter().for_each(|g| g.asks_ahead(true));
        crowd.make_room();
        assert_eq!(deaf.iter().map(gone).collect::<Vec<_>>(), [true, false]);
        deaf[1].asks_ahead(false);
        crowd.make_room();
        assert!(!gone(&deaf[1]) && gone(&proxy[0]), "it waits for its answer like others");
    }

    #[test]
    fn the_addresses_of_one_network_are_one_peer() {
        let of = |text: &str| peer(text.parse().unwrap());
        assert_eq!(of("::ffff:10.0.0.7"), of("10.0.0.7"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::dead:beef"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("10.0.0.7"), of("10.0.0.8"));
    }
}
