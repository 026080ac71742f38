//! Three machines: the gateway's, the acquirer's and this one, where clients are. The first two end without warning, with
//! or without a power cut, and come back where they were.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use env::{Env, Stopwatch};
use serde_json::Value;

use crate::client::{Answer, exchange, request};
use crate::gateway::{Place, Process, wait};
use crate::power::Power;

/// What may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Killed,
    /// Killed, and its disk loses what was not synced.
    PowerCut,
}

/// A process with a place and an address of its own.
pub(crate) struct Machine {
    pub(crate) place: Place,
    pub(crate) address: SocketAddr,
    arguments: Vec<String>,
    /// Files with this in their names are not synced.
    forgets: Option<&'static str>,
    is_watched: bool,
    running: Option<(Process, Option<Power>)>,
}

impl Machine {
    /// `arguments` follow the address and the data directory.
    fn new(host: &str, arguments: &[&str], ending: Ending) -> Self {
        let place = Place::new();
        // Nobody else binds there meanwhile: the host is this test's own.
        let free = TcpListener::bind((host, 0)).unwrap();
        let address = free.local_addr().unwrap();
        let data = place.data();
        std::fs::create_dir(&data).unwrap();
        let own = ["--listen".to_owned(), address.to_string(), "--data".to_owned(), data.to_str().unwrap().to_owned()];
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).chain(own).collect();
        Self { place, address, arguments, forgets: None, is_watched: ending == Ending::PowerCut, running: None }
    }

    /// Starts it and waits until it is there; or tells why it is not.
    fn start(&mut self, is_there: impl Fn(&Self) -> bool) -> Result<(), String> {
        let power = self.is_watched.then(|| Power::over(&self.place.data(), self.forgets));
        let variables = power.as_ref().map(Power::variables).unwrap_or_default();
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut process = self.place.spawn(&arguments, &variables);
        let came = wait(|| is_there(self) || !process.is_running());
        if !came || !process.is_running() {
            return Err(format!("{} does not start again: {}", self.arguments[0], last_lines(&self.place.read("err"))));
        }
        self.running = Some((process, power));
        Ok(())
    }

    /// Ends it; how much of what it wrote was not synced.
    pub(crate) fn end(&mut self, chance: &Env) -> usize {
        let Some((process, power)) = self.running.take() else { return 0 };
        process.kill();
        power.map_or(0, |power| power.cut(chance))
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// The gateway and the acquirer.
pub(crate) struct Site {
    pub(crate) gateway: Machine,
    pub(crate) acquirer: Machine,
    /// Of the gateway's sandbox.
    pub(crate) credentials: Value,
}

impl Site {
    /// On loopback addresses that only this test uses. `forgets` are files that are not synced from the next start on, of
    /// the gateway and of the acquirer: so not everything is lost.
    pub(crate) fn open(host: &str, ending: Ending, forgets: [Option<&'static str>; 2]) -> Result<Self, String> {
        let acquirer = Machine::new(host, &["test-acquirer"], ending);
        let url = format!("http://{}", acquirer.address);
        let gateway = Machine::new(host, &["serve", "--sandbox", "--test-acquirer", &url], ending);
        let mut site = Self { gateway, acquirer, credentials: Value::Null };
        site.start()?;
        [site.gateway.forgets, site.acquirer.forgets] = forgets;
        let file = site.gateway.place.data().join("sandbox.json");
        site.credentials = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        Ok(site)
    }

    /// Starts whatever does not run; how long the gateway took to be ready, if it did not.
    pub(crate) fn start(&mut self) -> Result<Option<Duration>, String> {
        if self.acquirer.running.is_none() {
            self.acquirer.start(|machine| TcpStream::connect(machine.address).is_ok())?;
        }
        if self.gateway.running.is_some() {
            return Ok(None);
        }
        let since = Stopwatch::start();
        let ready = request("GET", "/readyz", &[], b"");
        let file = self.gateway.place.data().join("sandbox.json");
        self.gateway.start(|machine| {
            exchange(machine.address, &ready).is_ok_and(|answer| answer.status == 200) && file.exists()
        })?;
        Ok(Some(since.elapsed()))
    }

    /// A call of the control API.
    pub(crate) fn control(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        let token = format!("Bearer {}", self.credentials["control"]["token"].as_str().unwrap());
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        let asked = request(method, &format!("/sandbox{path}"), &headers, body.as_bytes());
        let answer = exchange(self.gateway.address, &asked).map_err(|error| format!("{path}: {error}"))?;
        if answer.status == 200 { Ok(answer) } else { Err(format!("{path}: {} {}", answer.status, answer.text())) }
    }
}
