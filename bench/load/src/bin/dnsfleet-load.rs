//! `dnsfleet-load`: ask one server, print one JSON object.

use dnsfleet_load::pace::Pace;
use dnsfleet_load::queries::Queries;
use dnsfleet_load::{drive, tcp};
use lexopt::prelude::*;
use mio::net::UdpSocket;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
dnsfleet-load --server ADDR:PORT --queries FILE [OPTION…]
  --seconds S      how long to send (1)
  --window N       keep N queries unanswered (192), or
  --rate N         send N queries a second whatever comes back
  --sleep          between queries at a rate: up to 1 ms late, but the core is free
  --sources N      sockets, each with its own port (16)
  --tcp            sources are connections
  --first N        begin at this query of the file (0)
  --random SEED    make the first label of every query anew";

struct Options {
    server: Option<SocketAddr>,
    queries: Option<PathBuf>,
    seconds: f64,
    pace: Pace,
    sleep: bool,
    sources: usize,
    tcp: bool,
    first: usize,
    random: Option<u64>,
}

fn main() -> ExitCode {
    match options().and_then(run) {
        Ok(report) => println!("{report}"),
        Err(error) => {
            eprintln!("dnsfleet-load: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn run(options: Options) -> Result<String, Box<dyn Error>> {
    let (Some(server), Some(path)) = (options.server, options.queries) else {
        return Err(USAGE.into());
    };
    let mut queries = Queries::read(&path, options.first, options.random)?;
    let drive = if options.tcp {
        drive::run::<tcp::Connection>
    } else {
        drive::run::<UdpSocket>
    };
    let length = Duration::from_secs_f64(options.seconds);
    let pace = match options.pace {
        Pace::Rate { rate, .. } => Pace::Rate {
            rate,
            sleep: options.sleep,
        },
        window => window,
    };
    let tally = drive(&mut queries, server, pace, options.sources, length)?;
    Ok(tally.json())
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        server: None,
        queries: None,
        seconds: 1.0,
        pace: Pace::Window(192),
        sleep: false,
        sources: 16,
        tcp: false,
        first: 0,
        random: None,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("server") => options.server = Some(parser.value()?.parse()?),
            Long("queries") => options.queries = Some(parser.value()?.into()),
            Long("seconds") => options.seconds = parser.value()?.parse()?,
            Long("window") => options.pace = Pace::Window(parser.value()?.parse()?),
            Long("rate") => {
                options.pace = Pace::Rate {
                    rate: parser.value()?.parse()?,
                    sleep: false,
                }
            }
            Long("sleep") => options.sleep = true,
            Long("sources") => options.sources = parser.value()?.parse()?,
            Long("tcp") => options.tcp = true,
            Long("first") => options.first = parser.value()?.parse()?,
            Long("random") => options.random = Some(parser.value()?.parse()?),
            Long("help") => return Err(USAGE.into()),
            other => return Err(format!("{}\n{USAGE}", other.unexpected()).into()),
        }
    }
    if options.sources == 0 || options.seconds <= 0.0 {
        return Err("sources and seconds must be above zero".into());
    }
    Ok(options)
}
