//! What one shard does with a query: answer, limit, count.

use super::counters::Counters;
use super::options::Options;
use super::rate_limits::{RateLimiter, Verdict};
use super::responder::Responder;
use crate::answer::subject::{Kind, Subject};
use crate::answer::{Client, Outcome, rcode};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

/// What a shard answers with and where it counts.
pub struct Work<R: Responder> {
    responder: Arc<R>,
    /// What the responder keeps from query to query.
    pub memory: R::Memory,
    /// What the operator decided.
    pub options: Arc<Options>,
    limiter: Option<RateLimiter>,
    counters: Arc<[Counters]>,
    shard: usize,
}

impl<R: Responder> Work<R> {
    /// The work of one of the shards, each of which has a row of `counters`.
    pub fn new(
        responder: Arc<R>,
        options: Arc<Options>,
        counters: Arc<[Counters]>,
        shard: usize,
    ) -> Work<R> {
        Work {
            responder,
            memory: R::Memory::default(),
            limiter: RateLimiter::new(&options, Instant::now()),
            options,
            counters,
            shard,
        }
    }

    /// The shard's own row.
    pub fn counters(&self) -> &Counters {
        &self.counters[self.shard]
    }

    /// Begin a batch of queries; what they are answered from.
    pub fn begin(&mut self) -> R::View {
        if let Some(limiter) = &mut self.limiter {
            limiter.set_time(Instant::now());
        }
        self.responder.view()
    }

    /// Answer one query and count it; false where there is no reply.
    pub fn answer<'v>(
        &mut self,
        view: &'v R::View,
        ahead: R::Ahead<'v>,
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> bool {
        let counters = &self.counters[self.shard];
        counters.query(client);
        let (memory, limiter) = (&mut self.memory, &mut self.limiter);
        // The view is only read, the memory and the limiter are whole at every moment, and `out` is
        // cleared before it is used again.
        let reply = AssertUnwindSafe(|| {
            let outcome = R::respond(view, memory, ahead, query, client, out)?;
            let verdict = limiter.as_mut().map_or(Verdict::Send, |limiter| {
                limiter.judge(client, &outcome, query)
            });
            // An error is small, and has no records that could be left out.
            if verdict == Verdict::Slip && outcome.subject.kind != Kind::Error {
                return Some((R::slip(view, query, client, out)?, verdict));
            }
            Some((outcome, verdict))
        });
        let reply = catch_unwind(reply).unwrap_or_else(|_| {
            counters.panic();
            servfail(query, out).map(|outcome| (outcome, Verdict::Send))
        });
        let Some((outcome, verdict)) = reply else {
            counters.drop();
            return false;
        };
        counters.question(outcome.qtype);
        if outcome.hit == Some(false) {
            counters.evictions(R::evictions(&self.memory));
        }
        counters.limit(verdict);
        let is_sent = verdict != Verdict::Drop;
        if is_sent {
            counters.reply(outcome);
        }
        is_sent
    }
}

/// A SERVFAIL reply that looks at as little of the query as it can: header and question.
fn servfail(query: &[u8], out: &mut Vec<u8>) -> Option<Outcome> {
    const HEADER: usize = 12;
    out.clear();
    let (header, rest) = query.split_at_checked(HEADER)?;
    if header[2] & 0x80 != 0 {
        return None; // QR: answering replies would let two servers talk for ever
    }
    let question = question_length(rest).and_then(|length| rest.get(..length));
    out.extend_from_slice(&header[..2]);
    out.push(0x80 | header[2] & 0x79); // QR; opcode and RD of the query
    out.push(rcode::SERVFAIL as u8);
    out.extend([0, u8::from(question.is_some()), 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(question.unwrap_or_default());
    Some(Outcome {
        qtype: question.and_then(qtype),
        rcode: rcode::SERVFAIL,
        truncated: false,
        cookie: None,
        hit: None,
        subject: Subject::default(),
    })
}

/// The type of a question, which stands before the two octets of its class.
fn qtype(question: &[u8]) -> Option<u16> {
    let (_, end) = question.split_last_chunk::<4>()?;
    Some(u16::from_be_bytes([end[0], end[1]]))
}

/// Octets of the first question: a name, a type and a class; None where the name does not end.
fn question_length(question: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *question.get(at)? {
            0 => return Some(at + 5),
            length @ 1..64 => at += 1 + usize::from(length),
            _ => return None,
        }
    }
}
