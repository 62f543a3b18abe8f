//! What was acknowledged survives.
//!
//! A server is killed again and again while clients send and a receiver is called back. The instants come from seeded
//! counts of what happens on the wire: a request leaves, an answer arrives, a callback is heard. Some lives last until
//! earlier requests are being completed, most do not.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use crate::{
    receiver::Receiver,
    server::free_port,
    wire::{self, Call, Message},
    world::{MAIL, REQUESTS, World, asking},
};

const KILLS: u64 = 20;
const CLIENTS: u64 = 8;
/// One life in so many lasts until work is done.
const LONG_LIFE: u64 = 5;
const SEED: u64 = 0x5eed_0f0b_1e55_ed01;
/// A kill comes after so many things on the wire at most.
const MOST_BEATS: u64 = 60;
/// Longer than any start takes: whoever waits so long waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);
const SIGNATURE: &str = "x-opengdpr-signature";

/// What was acknowledged: what was asked, and the whole answer.
struct Acknowledged {
    body: String,
    answer: Message,
}

#[test]
fn kill_9_under_load_loses_no_acknowledged_request() {
    let folder = tempfile::tempdir().unwrap();
    let pulse = Arc::new(Pulse::default());
    let beats = Arc::clone(&pulse);
    let receiver = Receiver::start(move |callback| {
        beats.change(|now| {
            now.beats += 1;
            now.late += u64::from(callback.json()["request_status"] != "pending");
        });
        (202, String::new())
    });
    let callback = receiver.url("/callbacks");
    let (port, mut random) = (free_port(), Random(SEED));
    let mut world = World::open(folder.path(), port);
    let token = world.credential(MAIL).to_owned();
    let acknowledged: BTreeMap<String, Acknowledged> = thread::scope(|scope| {
        let _over = AtLast(&pulse);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let client = Client {
                    call: Call { port, host: MAIL, token: Some(&token) },
                    callback: &callback,
                    pulse: &pulse,
                    random: Random(SEED ^ (number + 1)),
                };
                scope.spawn(move || client.run())
            })
            .collect();
        for kill in 1..=KILLS {
            if kill.is_multiple_of(LONG_LIFE) {
                pulse.after_late(1 + random.below(MOST_BEATS));
            }
            pulse.after(1 + random.below(MOST_BEATS));
            world.server.kill();
            world = World::open(folder.path(), port);
            pulse.restarted();
        }
        pulse.stop();
        clients.into_iter().flat_map(|client| client.join().expect("a client saw nothing wrong")).collect()
    });
    let count = acknowledged.len();
    assert!(count >= 100, "{count} are too few to prove anything");
    let interrupted = pulse.now.lock().unwrap().interrupted;
    assert!(interrupted >= KILLS, "only {interrupted} requests were interrupted");

    let told = receiver.wait("every acknowledged request is called back as completed", |messages| {
        let told = by_request(messages);
        let done = |id: &String| told.get(id).is_some_and(|one| one.contains_key("completed"));
        acknowledged.keys().all(done).then_some(told)
    });
    assert_eq!(told.len(), count, "nothing is called back that nobody asked for");
    for (id, one) in &acknowledged {
        let mut firsts: Vec<_> = told[id].iter().map(|(status, ids)| (ids.first, status.as_str())).collect();
        firsts.sort_unstable();
        let order: Vec<_> = firsts.iter().map(|(_, status)| *status).collect();
        assert_eq!(order, ["pending", "in_progress", "completed"], "{id}");
        for (status, heard) in &told[id] {
            assert!(heard.messages.iter().all(|seen| *seen == heard.messages[0]), "{id} has two callbacks {status}");
        }

        let call = world.shop(MAIL);
        let status = call.get(&format!("{REQUESTS}/{id}"));
        assert_eq!((status.status(), &status.json()["request_status"]), (200, &"completed".into()), "{id}");
        assert_same(&call.post(REQUESTS, &one.body), &one.answer);
    }

    let mut seen = 0;
    loop {
        let listed = world.api(&format!("/requests?limit=1000&offset={seen}")).json();
        let page = listed["requests"].as_array().unwrap();
        for request in page {
            let story = world.api(&format!("/requests/{}", request["request_id"].as_str().unwrap())).json();
            let history: Vec<_> = story["history"].as_array().unwrap().iter().map(|event| &event["change"]).collect();
            assert_eq!(history, ["receive", "start", "fulfill"], "{story}");
        }
        seen += page.len();
        if page.is_empty() {
            break;
        }
    }
    assert_eq!(seen, count, "each was accepted once");
}

fn assert_same(again: &Message, first: &Message) {
    assert_eq!(again.status(), 201);
    let text = |message: &Message| String::from_utf8_lossy(&message.body).into_owned();
    assert_eq!(text(again), text(first), "a receipt is repeated bit for bit");
    assert!(!first.header(SIGNATURE).is_empty());
    assert_eq!(again.header(SIGNATURE), first.header(SIGNATURE), "and so is its signature");
}

/// The callbacks that told one status of one request.
#[derive(Default)]
struct Heard {
    /// How many messages had come before the first of them.
    first: usize,
    /// The name and the body of each.
    messages: Vec<(String, Vec<u8>)>,
}

/// The callbacks by request and status.
fn by_request(messages: &[Message]) -> BTreeMap<String, BTreeMap<String, Heard>> {
    let mut told: BTreeMap<String, BTreeMap<String, Heard>> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        let body = message.json();
        let member = |name: &str| body[name].as_str().expect("a string").to_owned();
        let one = told.entry(member("subject_request_id")).or_default();
        let heard = one.entry(member("request_status")).or_insert_with(|| Heard { first: index, messages: Vec::new() });
        heard.messages.push((message.header("webhook-id").to_owned(), message.body.clone()));
    }
    told
}

/// Sends requests, each again and again until it is acknowledged.
struct Client<'a> {
    call: Call<'a>,
    callback: &'a str,
    pulse: &'a Pulse,
    random: Random,
}

impl Client<'_> {
    fn run(mut self) -> Vec<(String, Acknowledged)> {
        let mut acknowledged: Vec<(String, Acknowledged)> = Vec::new();
        while !self.pulse.is_over() {
            let id = self.random.uuid();
            let body = asking(&id, "erasure", &format!("{id}@example.org"), &[self.callback.to_owned()]);
            let answer = self.insist(&body);
            assert_eq!(answer.json()["subject_request_id"], id);
            acknowledged.push((id, Acknowledged { body, answer }));
            if self.random.below(4) == 0 {
                let any = self.random.below(acknowledged.len() as u64) as usize;
                let (_, earlier) = &acknowledged[any];
                assert_same(&self.insist(&earlier.body), &earlier.answer);
            }
        }
        acknowledged
    }

    fn insist(&self, body: &str) -> Message {
        loop {
            let life = self.pulse.life();
            match self.once(body) {
                Ok(answer) => {
                    assert_eq!(answer.status(), 201, "{}", String::from_utf8_lossy(&answer.body));
                    return answer;
                }
                Err(_) => {
                    self.pulse.change(|now| now.interrupted += 1);
                    self.pulse.next_life(life);
                }
            }
        }
    }

    fn once(&self, body: &str) -> std::io::Result<Message> {
        let mut wire = self.call.send("POST", REQUESTS, body)?;
        self.pulse.beat();
        let answer = wire::read(&mut wire)?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        self.pulse.beat();
        Ok(answer)
    }
}

/// What happens, as clients and killer see it.
#[derive(Default)]
struct Pulse {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
struct Now {
    beats: u64,
    /// How many callbacks told of work begun or done.
    late: u64,
    /// How often the server was started again.
    life: u64,
    over: bool,
    /// How many requests were left without an answer.
    interrupted: u64,
}

impl Pulse {
    fn change(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.now.lock().expect("nobody has panicked with it"));
        self.changed.notify_all();
    }

    fn beat(&self) {
        self.change(|now| now.beats += 1);
    }

    fn restarted(&self) {
        self.change(|now| now.life += 1);
    }

    fn stop(&self) {
        self.change(|now| now.over = true);
    }

    fn life(&self) -> u64 {
        self.now.lock().expect("nobody has panicked with it").life
    }

    fn is_over(&self) -> bool {
        self.now.lock().expect("nobody has panicked with it").over
    }

    /// Waits until so much more has happened.
    fn after(&self, beats: u64) {
        let now = self.now.lock().expect("nobody has panicked with it");
        let until = now.beats + beats;
        self.wait(now, |now| now.beats >= until);
    }

    /// Waits until so many more callbacks have told of work begun or done.
    fn after_late(&self, late: u64) {
        let now = self.now.lock().expect("nobody has panicked with it");
        let until = now.late + late;
        self.wait(now, |now| now.late >= until);
    }

    /// Waits until the server was started again.
    fn next_life(&self, life: u64) {
        let now = self.now.lock().expect("nobody has panicked with it");
        self.wait(now, |now| now.life > life);
    }

    fn wait(&self, now: MutexGuard<'_, Now>, enough: impl Fn(&Now) -> bool) {
        let waited = self.changed.wait_timeout_while(now, PATIENCE, |now| !enough(now));
        assert!(!waited.expect("nobody has panicked with it").1.timed_out(), "nothing happens any more");
    }
}

/// Lets the clients end, however the test does.
struct AtLast<'a>(&'a Pulse);

impl Drop for AtLast<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}
