use super::Verdict::{Drop, Send, Slip};
use super::*;
use crate::answer::subject::{Kind, Subject};

/// A query for www.test; its name starts at octet 12.
const QUERY: &[u8] = b"............\x03www\x04test\x00\x00\x01\x00\x01";
const WWW: usize = 10;
const TEST: usize = 6;

/// A limiter and the clock of the test.
struct Limiter(RateLimiter);

impl Limiter {
    fn new(per_second: u32) -> Limiter {
        let mut options = Options::with_shards(1);
        options.responses_per_second = per_second;
        options.exempt.push("198.51.100.0/24".parse().unwrap());
        Limiter(RateLimiter::new(&Arc::new(options), Instant::now()).unwrap())
    }

    fn at(&mut self, milliseconds: u64) -> &mut Limiter {
        let began = self.0.began;
        self.0.set_time(began + Duration::from_millis(milliseconds));
        self
    }

    fn judge(&mut self, client: &str, subject: Subject, query: &[u8]) -> Verdict {
        let client = Client::new(client.parse().unwrap(), Transport::Udp);
        self.0.judge(client, &outcome(subject), query)
    }

    /// A reply about www.test to the usual client.
    fn usual(&mut self) -> Verdict {
        self.judge("192.0.2.1", www(), QUERY)
    }

    /// Uses an account up; how many replies were sent.
    fn exhaust(&mut self, client: &str, subject: Subject, query: &[u8]) -> u32 {
        let mut sent = 0;
        while self.judge(client, subject, query) == Send {
            sent += 1;
        }
        sent
    }
}

fn outcome(subject: Subject) -> Outcome {
    Outcome {
        qtype: Some(1),
        rcode: 0,
        truncated: false,
        cookie: None,
        hit: None,
        subject,
    }
}

fn www() -> Subject {
    Subject::new(Kind::Answer, WWW)
}

#[test]
fn a_second_of_replies_may_come_at_once_and_then_one_each_time_that_one_is_earned() {
    let mut limiter = Limiter::new(200);
    for reply in 0..200 {
        assert_eq!(limiter.at(1000).usual(), Send, "{reply}");
    }
    for (milliseconds, expected) in [
        (1000, Slip),
        (1000, Drop),
        (1004, Slip),
        (1005, Send),
        (1005, Drop),
        (1010, Send),
        (1014, Slip),
    ] {
        assert_eq!(limiter.at(milliseconds).usual(), expected, "{milliseconds}");
    }
    // After a quiet second all is as in the beginning, and quiet hours save up nothing.
    for reply in 0..200 {
        assert_eq!(limiter.at(9_000_000).usual(), Send, "{reply}");
    }
    assert_eq!(limiter.usual(), Drop);
}

#[test]
fn a_flood_gets_the_limit_and_half_of_the_rest_is_slipped() {
    let mut limiter = Limiter::new(200);
    let mut counts = [0i32; 3];
    for milliseconds in 0..10_000 {
        counts[limiter.at(milliseconds).usual() as usize] += 1;
    }
    let [sent, slipped, dropped] = counts;
    assert!((2_150..=2_200).contains(&sent), "{sent}");
    assert!((slipped - dropped).abs() <= 1, "{slipped} {dropped}");
}

#[test]
fn network_kind_and_name_make_an_account() {
    let upper = QUERY.to_ascii_uppercase();
    let other = [&QUERY[..12], &b"\x03ww2\x04test\x00\x00\x01\x00\x01"[..]].concat();
    let zone = Subject::new(Kind::Negative, TEST);
    for (client, before, subject, query, own) in [
        ("192.0.2.255", www(), www(), QUERY, false),
        ("192.0.3.0", www(), www(), QUERY, true),
        ("::c000:201", www(), www(), QUERY, true),
        ("192.0.2.1", www(), www(), &upper[..], false),
        ("192.0.2.1", www(), www(), &other, true),
        ("192.0.2.1", zone, zone, &other, false),
        (
            "192.0.2.1",
            www(),
            Subject::new(Kind::Synthesis, WWW),
            QUERY,
            true,
        ),
        ("192.0.2.1", www(), zone, QUERY, true),
        (
            "192.0.2.1",
            Subject::default(),
            Subject::default(),
            &other,
            false,
        ),
    ] {
        let mut limiter = Limiter::new(10);
        assert_eq!(limiter.exhaust("192.0.2.1", before, QUERY), 10);
        let sent = limiter.exhaust(client, subject, query);
        assert_eq!(sent, if own { 10 } else { 0 }, "{client} {subject:?}");
    }
    let mut limiter = Limiter::new(10);
    limiter.exhaust("2001:db8::1", www(), QUERY);
    for (client, sent) in [("2001:db8:0:ff::", 0), ("2001:db8:0:100::", 10)] {
        assert_eq!(limiter.exhaust(client, www(), QUERY), sent);
    }
}

#[test]
fn whoever_has_proved_its_address_is_not_limited() {
    let mut limiter = Limiter::new(1);
    limiter.exhaust("192.0.2.1", www(), QUERY);
    let client = |transport| Client::new("192.0.2.1".parse().unwrap(), transport);
    let presenting = |cookie| Outcome {
        cookie,
        ..outcome(www())
    };
    for (transport, cookie, limited) in [
        (Transport::Udp, None, true),
        (Transport::Udp, Some(Presented::Client), true),
        (Transport::Udp, Some(Presented::Invalid), true),
        (Transport::Udp, Some(Presented::Valid), false),
        (Transport::Tcp, None, false),
    ] {
        let verdict = limiter
            .0
            .judge(client(transport), &presenting(cookie), QUERY);
        assert_eq!(verdict != Send, limited, "{transport:?} {cookie:?}");
    }
    for exempt in ["198.51.100.7", "127.0.0.1", "::1"] {
        for _ in 0..10 {
            assert_eq!(limiter.judge(exempt, www(), QUERY), Send);
        }
    }
}

#[test]
fn no_limit_needs_no_table() {
    let mut options = Options::with_shards(1);
    options.responses_per_second = 0;
    assert!(RateLimiter::new(&Arc::new(options), Instant::now()).is_none());
}

#[test]
fn a_flood_from_everywhere_does_not_make_a_busy_account_forgotten() {
    let mut limiter = Limiter::new(10);
    assert_eq!(limiter.exhaust("192.0.2.1", www(), QUERY), 10);
    for network in 0..(4 * SETS * WAYS) as u32 {
        let address = std::net::Ipv4Addr::from((10 << 24) + (network << 8));
        let client = Client::new(address.into(), Transport::Udp);
        limiter.0.judge(client, &outcome(www()), QUERY);
    }
    assert_ne!(limiter.usual(), Send);
}
