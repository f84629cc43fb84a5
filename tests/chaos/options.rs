//! What is asked for on the command line.

use std::path::PathBuf;
use std::time::Duration;

pub(crate) const USAGE: &str = "\
Real nodes, real faults, and a ledger of every message at every subscriber.

    tests/chaos/run [options]

    --minutes N       how long faults are injected (default 5; fractions are fine)
    --seed S          of the schedule (default: the time); it is printed
    --json FILE       the result for programs, - for standard output
    --apps N          BEAM nodes (default 5)
    --routers N       Rust nodes (default 1)
    --publishers N    publishers on each BEAM node at any time (default 3, some 50 messages/s each)
    --comers N        subscribers on each BEAM node that come and go (default 3)
    --only KIND,...   these kinds of faults alone; --only help lists them
    --stop            ends with the first broken promise
    --keep            leaves the journals where they are, and says where

Exit status: 0 all promises were kept, 1 one was broken, 2 it could not be run as asked for.";

/// Settings of a run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) length: Duration,
    pub(crate) seed: u64,
    pub(crate) json: Option<String>,
    pub(crate) apps: u8,
    pub(crate) routers: u8,
    pub(crate) publishers: u8,
    pub(crate) comers: u8,
    pub(crate) only: Vec<String>,
    pub(crate) stop: bool,
    pub(crate) keep: bool,
    /// Folders of compiled modules: Elixir, the package, the chaos modules.
    pub(crate) code: Vec<PathBuf>,
}

impl Options {
    /// # Errors
    /// What is wrong, for people; empty when only the usage was asked for.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>, seed: u64) -> Result<Self, String> {
        let mut options = Self {
            length: Duration::from_secs(300),
            seed,
            json: None,
            apps: 5,
            routers: 1,
            publishers: 3,
            comers: 3,
            only: Vec::new(),
            stop: false,
            keep: false,
            code: Vec::new(),
        };
        while let Some(name) = args.next() {
            if name == "--help" {
                return Err(String::new());
            }
            if let "--keep" | "--stop" = name.as_str() {
                *(if name == "--keep" { &mut options.keep } else { &mut options.stop }) = true;
                continue;
            }
            let value = args.next().ok_or_else(|| format!("{name}: no value, or no such option"))?;
            let wrong = |_| format!("{name} {value}: not such a number");
            match name.as_str() {
                "--minutes" => {
                    let minutes: f64 = value.parse().map_err(|_| format!("{name} {value}: no number"))?;
                    options.length =
                        Duration::try_from_secs_f64(minutes * 60.0).map_err(|e| e.to_string())?;
                }
                "--seed" => options.seed = value.parse().map_err(wrong)?,
                "--json" => options.json = Some(value),
                "--apps" => options.apps = value.parse().map_err(wrong)?,
                "--routers" => options.routers = value.parse().map_err(wrong)?,
                "--publishers" => options.publishers = value.parse().map_err(wrong)?,
                "--comers" => options.comers = value.parse().map_err(wrong)?,
                "--only" => options.only = value.split(',').map(str::to_owned).collect(),
                "--code" => options.code.push(value.into()),
                _ => return Err(format!("{name}: no such option")),
            }
        }
        if !(3..=50).contains(&options.apps) || options.routers > 20 || options.publishers == 0 {
            return Err("3 to 50 BEAM nodes, at most 20 Rust nodes, at least one publisher".to_owned());
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned), 7)
    }

    #[test]
    fn takes_what_the_usage_says() {
        let options = parse("--minutes 0.5 --seed 3 --only a,b --keep --stop --routers 2 --code x").unwrap();
        assert_eq!((options.length.as_secs(), options.seed, options.routers, options.keep), (30, 3, 2, true));
        assert!(options.stop && !parse("--keep").unwrap().stop);
        assert_eq!(options.only, ["a", "b"]);
        assert_eq!(parse("").unwrap().seed, 7);
        for wrong in ["--minutes x", "--minutes -1", "--what 1", "--seed", "--apps 2", "--help"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
