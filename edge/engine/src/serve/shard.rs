//! The loop of one thread: wait, answer the queries that came, wait again.

use super::durations::Stopwatch;
use super::proxies;
use super::responder::Responder;
use super::sockets::Pair;
use super::sys::{Epoll, Event, Poll};
use super::tcp::Connections;
use super::udp::{BATCH, Batch};
use super::work::Work;
use crate::answer::{Client, Transport};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// How long a shard goes on after `stop` for queries that have come and replies not yet taken.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// Full batches taken from one socket before the others have their turn: to wait after each would
/// cost as much as a query.
const BATCHES: usize = 8;

/// What an epoll token stands for; a number is kept in the lower half.
const STOP: u64 = 0;
const TCP: u64 = 1 << 32;
const CONNECTION: u64 = 2 << 32;
const KIND: u64 = !0 << 32;

/// What one thread owns.
pub struct Shard<R: Responder> {
    work: Work<R>,
    pairs: Vec<Pair>,
    /// The UDP sockets, in the order of `pairs`, and `epoll`.
    poll: Poll,
    /// All that is not UDP.
    epoll: Epoll,
    stop: Arc<Event>,
    batch: Batch,
    /// Of responses over UDP.
    stopwatch: Stopwatch,
    connections: Connections,
}

impl<R: Responder> Shard<R> {
    /// A shard that waits at `pairs` until `stop` is set.
    pub fn new(work: Work<R>, pairs: Vec<Pair>, stop: Arc<Event>) -> io::Result<Self> {
        let epoll = Epoll::new()?;
        epoll.add(stop.fd(), libc::EPOLLIN, STOP)?;
        for (index, pair) in pairs.iter().enumerate() {
            epoll.add(pair.tcp.as_raw_fd(), libc::EPOLLIN, TCP | index as u64)?;
        }
        let connections = Connections::new(Arc::clone(&work.options));
        let udp = pairs.iter().map(|pair| pair.udp.as_raw_fd());
        Ok(Self {
            poll: Poll::new(udp.chain([epoll.fd()])),
            work,
            pairs,
            epoll,
            stop,
            batch: Batch::new(),
            stopwatch: Stopwatch::new(),
            connections,
        })
    }

    /// Answer until the stop event, and then what had come before it. Drops `open` once its sockets
    /// are closed.
    pub fn run(mut self, open: Sender<()>) {
        let mut stopping = false;
        while !stopping {
            self.wait(self.connections.patience());
            for index in 0..self.pairs.len() {
                if self.poll.is_ready(index) {
                    self.udp_batches(index);
                }
            }
            if self.poll.is_ready(self.pairs.len()) {
                stopping = self.events();
            }
            self.connections.sweep(Instant::now());
        }
        self.finish(open);
    }

    /// Give listeners and connections their turn; whether the stop event has happened.
    fn events(&mut self) -> bool {
        let ready = self.epoll.take().expect("it is an epoll set");
        let mut stopping = false;
        for event in 0..ready {
            let token = self.epoll.token(event);
            let number = token & !KIND;
            match token & KIND {
                TCP => drop(self.accept(number as usize)),
                CONNECTION => {
                    self.connections
                        .advance(number as RawFd, &mut self.work, &self.epoll, token)
                }
                _ => stopping = true,
            }
        }
        stopping
    }

    /// Answer the queries that wait at one socket, but not so many that the others wait long.
    fn udp_batches(&mut self, index: usize) {
        for _ in 0..BATCHES {
            if self.udp(index) < BATCH {
                break;
            }
        }
    }

    /// Answer one batch from one socket; how many queries waited.
    fn udp(&mut self, index: usize) -> usize {
        let pair = &self.pairs[index];
        let count = self.batch.receive(&pair.udp);
        let start = self.stopwatch.start(count);
        let view = self.work.begin();
        let mut ahead = std::array::from_fn::<_, BATCH, _>(|_| R::Ahead::default());
        let queries = self.batch.queries();
        R::look_ahead(&view, &mut self.work.memory, queries, &mut ahead);
        let mut ahead = ahead.into_iter();
        let options = Arc::clone(&self.work.options);
        let replies = self.batch.answer(|datagram, peer, reply| {
            let mut ahead = ahead.next().unwrap_or_default();
            let opened = proxies::open_datagram(peer, &options.proxies, datagram);
            let Some((address, query)) = opened else {
                self.work.counters().refuse_proxy();
                return false;
            };
            if query.len() != datagram.len() {
                ahead = R::Ahead::default(); // of a datagram with a header of a proxy
            }
            let client = Client::new(address, Transport::Udp);
            self.work.answer(&view, ahead, query, client, reply)
        });
        let lost = self.batch.send(&pair.udp, replies);
        let counters = self.work.counters();
        let durations = counters.durations(Transport::Udp);
        self.stopwatch.stop(start, replies - lost, durations);
        for _ in 0..lost {
            counters.drop();
        }
        count
    }

    /// Take connections from one listener; false where none waited.
    fn accept(&mut self, index: usize) -> bool {
        let listener = &self.pairs[index].tcp;
        let token = |fd| CONNECTION | fd as u64;
        self.connections
            .accept(listener, self.work.counters(), &self.epoll, token)
    }

    /// Answer what has come, then close everything; at most `STOP_LIMIT`.
    fn finish(mut self, open: Sender<()>) {
        let end = Instant::now() + STOP_LIMIT;
        for index in 0..self.pairs.len() {
            while self.udp(index) > 0 && Instant::now() < end {}
            while self.accept(index) && Instant::now() < end {}
        }
        self.work.counters().receive_drops(); // the last number that the sockets tell is kept
        self.pairs.clear();
        drop(open);
        // The stop event stays readable: without this no wait would wait.
        let _ = self.epoll.remove(self.stop.fd());
        self.poll = Poll::new([self.epoll.fd()]);
        while self.connections.finish(&mut self.work) && Instant::now() < end {
            self.wait(Some(end - Instant::now()));
        }
    }

    fn wait(&mut self, limit: Option<Duration>) {
        self.poll
            .wait(limit)
            .expect("waiting fails only for memory that is not there");
    }
}
