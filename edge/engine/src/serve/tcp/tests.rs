use super::*;
use std::io::{ErrorKind, Read};

/// Connections from any address that the test names, over loopback.
struct Table {
    listener: TcpListener,
    connections: Connections,
    epoll: Epoll,
    counters: Counters,
}

impl Table {
    fn new() -> Table {
        let mut options = Options::with_shards(1);
        options.exempt.push("198.51.100.0/24".parse().unwrap());
        Table {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            connections: Connections::new(Arc::new(options)),
            epoll: Epoll::new().unwrap(),
            counters: Counters::default(),
        }
    }

    /// A new connection as one of a client; the client's end.
    fn connect(&mut self, client: &str) -> TcpStream {
        let stream = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = self.listener.accept().unwrap();
        let client = Client::new(client.parse().unwrap(), Transport::Tcp);
        self.connections.make_room(client.address, &self.counters);
        self.connections
            .admit(accepted, client, &self.epoll, |fd| fd as u64);
        stream
    }

    fn connect_many(&mut self, client: &str, number: usize) -> Vec<TcpStream> {
        (0..number).map(|_| self.connect(client)).collect()
    }
}

/// Waits until the server has closed these of some connections, and no others.
fn wait_closed(streams: &mut [TcpStream], expected: &[usize]) {
    let end = Instant::now() + Duration::from_secs(10);
    let mut found = closed(streams);
    while found.len() < expected.len() && Instant::now() < end {
        std::thread::yield_now();
        found = closed(streams);
    }
    assert_eq!(found, expected);
}

/// Which of some connections the server has closed, as far as it is known here.
fn closed(streams: &mut [TcpStream]) -> Vec<usize> {
    let is_closed = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        match stream.read(&mut [0]) {
            Ok(length) => length == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    };
    let all = streams.iter_mut().map(is_closed).enumerate();
    all.filter_map(|(index, closed)| closed.then_some(index))
        .collect()
}

#[test]
fn a_connection_without_progress_is_closed_and_not_before_its_time() {
    let mut table = Table::new();
    let begin = Instant::now();
    let mut client = table.connect("192.0.2.1");
    table.connections.sweep(begin + IDLE_LIMIT - SWEEP);
    assert_eq!(table.connections.patience(), Some(SWEEP));
    table.connections.sweep(Instant::now() + IDLE_LIMIT);
    assert_eq!(table.connections.patience(), None);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_client_that_opens_too_many_loses_its_own() {
    for (many, same) in [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::ffff:0:0:1"),
    ] {
        let mut table = Table::new();
        let mut others = [table.connect("192.0.2.2"), table.connect("2001:db8:0:1::")];
        let mut own = table.connect_many(many, MAX_OF_CLIENT);
        wait_closed(&mut own, &[]);
        own.extend(table.connect_many(same, 2));
        wait_closed(&mut own, &[0, 1]);
        wait_closed(&mut others, &[]);
        assert_eq!(table.counters.get("tcp_evicted"), 2);
    }
}

#[test]
fn an_exempt_client_has_no_limit_of_its_own() {
    let mut table = Table::new();
    for client in ["198.51.100.7", "127.0.0.1"] {
        let mut streams = table.connect_many(client, MAX_OF_CLIENT + 5);
        wait_closed(&mut streams, &[]);
    }
}

#[test]
fn when_all_is_full_the_client_with_the_most_makes_room() {
    let mut table = Table::new();
    let mut few: Vec<_> = (0..6)
        .flat_map(|host| table.connect_many(&format!("192.0.2.{host}"), 16))
        .collect();
    let mut most = table.connect_many("198.51.100.1", MAX_CONNECTIONS - few.len());
    let newcomers: Vec<_> = (0..10)
        .map(|host| table.connect(&format!("203.0.113.{host}")))
        .collect();
    wait_closed(&mut most, &Vec::from_iter(0..newcomers.len()));
    wait_closed(&mut few, &[]);
    assert_eq!(table.connections.table.len(), MAX_CONNECTIONS);
}
