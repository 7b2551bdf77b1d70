//! One run: send as the pace says, take what comes, wait for the last replies.

use crate::batch::BATCH;
use crate::pace::Pace;
use crate::pending::Pending;
use crate::queries::Queries;
use crate::tally::Tally;
use mio::event::Source;
use mio::{Events, Interest, Poll, Token};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a reply may take. Where none came for so long, those that wait are lost.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a run that sleeps does: the shortest time that epoll_wait(2) knows.
const NAP: Duration = Duration::from_millis(1);

/// A socket that carries queries to the server, and replies.
pub trait Channel: Source + Sized {
    /// Memory that all channels use in turn.
    type Scratch: Default;

    /// A channel to `server`.
    fn open(server: SocketAddr) -> io::Result<Self>;

    /// Send `count` messages; `write` fills each and gives its length.
    fn send(
        &mut self,
        scratch: &mut Self::Scratch,
        count: usize,
        write: impl FnMut(&mut [u8]) -> usize,
    ) -> io::Result<()>;

    /// Take the replies that wait.
    fn receive(&mut self, scratch: &mut Self::Scratch, reply: impl FnMut(&[u8])) -> io::Result<()>;
}

/// A run that goes on.
struct Run<'a, C: Channel> {
    queries: &'a mut Queries,
    pace: Pace,
    start: Instant,
    /// Nanoseconds after the start at which the last query leaves.
    end: u64,
    tally: Tally,
    channels: Vec<(C, Pending)>,
    scratch: C::Scratch,
    poll: Poll,
}

/// Ask `server` for `length` over so many channels, and count what comes back.
pub fn run<C: Channel>(
    queries: &mut Queries,
    server: SocketAddr,
    pace: Pace,
    channels: usize,
    length: Duration,
) -> io::Result<Tally> {
    let mut run = Run::<C> {
        queries,
        pace,
        start: Instant::now(),
        end: length.as_nanos() as u64,
        tally: Tally::default(),
        channels: Vec::with_capacity(channels),
        scratch: C::Scratch::default(),
        poll: Poll::new()?,
    };
    let interest = Interest::READABLE | Interest::WRITABLE;
    for index in 0..channels {
        let mut channel = C::open(server)?;
        let registry = run.poll.registry();
        registry.register(&mut channel, Token(index), interest)?;
        run.channels.push((channel, Pending::default()));
    }
    run.start = Instant::now();
    match pace {
        Pace::Window(window) => run.keep(window.div_ceil(channels))?,
        Pace::Rate { sleep, .. } => run.follow(sleep)?,
    }
    run.give_up();
    Ok(run.tally)
}

impl<C: Channel> Run<'_, C> {
    /// Keep `window` queries unanswered on each channel until the end.
    fn keep(&mut self, window: usize) -> io::Result<()> {
        let mut events = Events::with_capacity(self.channels.len());
        loop {
            let now = self.now();
            if now < self.end {
                for index in 0..self.channels.len() {
                    let missing = window - self.channels[index].1.waiting();
                    self.send(index, missing, now)?;
                }
            } else if self.waiting() == 0 {
                return Ok(());
            }
            let before = self.now();
            self.poll.poll(&mut events, Some(PATIENCE))?;
            self.tally.idle += self.now() - before;
            if events.is_empty() {
                self.give_up();
            }
            for event in &events {
                self.receive(event.token().0)?;
            }
        }
    }

    /// Send by the clock until the end; then wait for what is still to come.
    fn follow(&mut self, sleep: bool) -> io::Result<()> {
        let mut events = Events::with_capacity(self.channels.len());
        let patience = PATIENCE.as_nanos() as u64;
        let mut turn = 0;
        loop {
            let now = self.now();
            let due = self.pace.due(now, self.end) - self.tally.sent;
            if due > 0 {
                // Queries in a row come from different ports, as those of different clients do.
                let each = due.div_ceil(self.channels.len() as u64).min(BATCH as u64);
                self.send(turn, each as usize, now)?;
                turn = (turn + 1) % self.channels.len();
            } else if now >= self.end {
                // Too high a rate leaves queries in the server's buffer, which are not for the run
                // that comes after this one.
                let last = self.end.max(self.tally.nanoseconds);
                if self.waiting() == 0 || now >= last + patience {
                    return Ok(());
                }
            }
            let nap = if sleep && due == 0 {
                NAP
            } else {
                Duration::ZERO
            };
            self.poll.poll(&mut events, Some(nap))?;
            for event in &events {
                self.receive(event.token().0)?;
            }
        }
    }

    fn send(&mut self, index: usize, count: usize, now: u64) -> io::Result<()> {
        let (channel, pending) = &mut self.channels[index];
        let (queries, tally, pace) = (&mut *self.queries, &mut self.tally, self.pace);
        channel.send(&mut self.scratch, count, |place| {
            let (id, lost) = pending.add(pace.moment(tally.sent, now));
            tally.sent += 1;
            tally.lost += u64::from(lost);
            let query = queries.take();
            place[..query.len()].copy_from_slice(query);
            place[..2].copy_from_slice(&id.to_be_bytes());
            query.len()
        })
    }

    fn receive(&mut self, index: usize) -> io::Result<()> {
        let (channel, pending) = &mut self.channels[index];
        let (tally, start) = (&mut self.tally, self.start);
        channel.receive(&mut self.scratch, |message| {
            let id = message.first_chunk().map(|id| u16::from_be_bytes(*id));
            if let Some(due) = id.and_then(|id| pending.take(id)) {
                let now = start.elapsed().as_nanos() as u64;
                tally.reply(message, now.saturating_sub(due));
                tally.nanoseconds = now;
            }
        })
    }

    /// Count the queries that still wait as lost.
    fn give_up(&mut self) {
        for (_, pending) in &mut self.channels {
            self.tally.lost += pending.forget() as u64;
        }
    }

    fn waiting(&self) -> usize {
        self.channels
            .iter()
            .map(|(_, pending)| pending.waiting())
            .sum()
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }
}
