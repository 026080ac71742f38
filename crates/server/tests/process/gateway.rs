//! A gateway process of the test's own: its folder, its port, its end.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use env::Stopwatch;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{self, Answer, form, request};

/// Longer than a start or an end takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// A card that is approved at once.
pub(crate) const GOOD_CARD: &str = "4444 3333 2222 1111";

/// A folder that outlives the processes run in it: the data directory and what they print.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Everything that any process of this place printed.
    pub(crate) fn printed(&self) -> String {
        ["out", "err"].map(|file| self.read(file)).concat()
    }

    pub(crate) fn read(&self, file: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path().join(file)).unwrap_or_default()).into_owned()
    }

    fn appending(&self, file: &str) -> File {
        File::options().create(true).append(true).open(self.path().join(file)).unwrap()
    }

    /// The binary, or the one that is to be tested instead (`defects/run`), without anything of this process's own
    /// environment that it would listen to.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let binary = std::env::var_os("GATEWAY_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_tollgate").into());
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TOLLGATE_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end: exit code, standard output, standard error.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let status = ended(&mut child);
        if status.is_none() {
            let _ = child.kill();
        }
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let status = status.unwrap_or_else(|| panic!("{arguments:?} did not end by itself: {}", text(&output.stderr)));
        (status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// A command of the administration with `--data` and `--json`; its answer.
    pub(crate) fn administer(&self, arguments: &[&str]) -> Value {
        let data = self.data();
        let arguments = [arguments, &["--json", "--data", data.to_str().unwrap()]].concat();
        let (code, out, err) = self.run(&arguments, &[]);
        assert_eq!(0, code, "{arguments:?}: {err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// The merchant that the sandbox comes with.
    pub(crate) fn merchant(&self) -> String {
        let kept: Value =
            serde_json::from_slice(&std::fs::read(self.data().join("keys/sandbox.json")).unwrap()).unwrap();
        kept["merchant_id"].as_str().unwrap().to_owned()
    }

    /// `tollgate audit`: exit code and what it printed.
    pub(crate) fn audit(&self) -> (i32, String) {
        let (code, out, err) = self.run(&["audit", "--data", self.data().to_str().unwrap()], &[]);
        (code, out + &err)
    }

    /// One of the counts that the audit begins with, such as `payments`.
    pub(crate) fn count(&self, what: &str) -> u64 {
        let (code, text) = self.audit();
        assert_eq!(0, code, "{text}");
        let words: Vec<&str> = text.split_whitespace().collect();
        let at = words.iter().position(|word| word.trim_end_matches(',') == what).expect(what);
        words[at - 1].parse().expect(what)
    }

    /// Spawns a server and does not wait for it.
    pub(crate) fn spawn(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Process {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied()).stdout(self.appending("out")).stderr(self.appending("err"));
        Process(command.spawn().unwrap())
    }

    /// Starts a sandbox on a port of its own and waits until it takes requests.
    pub(crate) fn start(&self) -> Gateway<'_> {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, variables: &[(&str, &str)]) -> Gateway<'_> {
        self.start_at("127.0.0.1:0", variables)
    }

    /// Starts a sandbox at an address, for one that is to come back where it was.
    pub(crate) fn start_at(&self, listen: &str, variables: &[(&str, &str)]) -> Gateway<'_> {
        let data = self.data();
        let file = data.join("sandbox.json");
        let _ = std::fs::remove_file(&file);
        let arguments = ["serve", "--sandbox", "--listen", listen, "--data", data.to_str().unwrap()];
        let mut process = self.spawn(&arguments, variables);
        let started = wait(|| file.exists() || !process.is_running());
        assert!(started && process.is_running(), "it does not start: {}", self.printed());
        let sandbox: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let base = sandbox["base_url"].as_str().unwrap();
        let address = base.strip_prefix("http://").unwrap().parse().expect(base);
        Gateway { place: self, process, sandbox, address }
    }
}

/// Looks again and again; whether it came true before patience ran out.
pub(crate) fn wait(mut condition: impl FnMut() -> bool) -> bool {
    let since = Stopwatch::start();
    loop {
        if condition() {
            return true;
        }
        if since.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    let mut status = None;
    wait(|| {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status
}

/// A process that is gone when the test is.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to stop, without waiting.
    pub(crate) fn terminate(&self) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), rustix::process::Signal::TERM)
            .unwrap();
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits for it to end by itself.
    pub(crate) fn ended(mut self) -> i32 {
        ended(&mut self.0).expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running sandbox.
pub(crate) struct Gateway<'a> {
    pub(crate) place: &'a Place,
    pub(crate) process: Process,
    /// Its `sandbox.json`.
    pub(crate) sandbox: Value,
    pub(crate) address: SocketAddr,
}

impl Gateway<'_> {
    pub(crate) fn key(&self) -> &str {
        self.sandbox["purchases"]["secret_key"].as_str().unwrap()
    }

    pub(crate) fn brand(&self) -> &str {
        self.sandbox["purchases"]["brand_id"].as_str().unwrap()
    }

    /// One request; the answer must come.
    pub(crate) fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        client::exchange(self.address, &request(method, target, headers, body))
            .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// A call of the purchases API with this key.
    pub(crate) fn call(&self, key: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, &format!("/api/v1{path}"), &headers, body.as_bytes())
    }

    /// The smallest good body of a new purchase.
    pub(crate) fn order(&self) -> Value {
        json!({
            "brand_id": self.brand(),
            "client": { "email": "ada@example.com" },
            "purchase": { "products": [{ "name": "Tea", "price": 450 }] },
        })
    }

    /// Makes a purchase; its id.
    pub(crate) fn purchase(&self, order: &Value) -> String {
        let made = self.call(self.key(), "POST", "/purchases/", Some(order));
        assert_eq!(201, made.status, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn status(&self, id: &str) -> String {
        let shown = self.call(self.key(), "GET", &format!("/purchases/{id}/"), None);
        assert_eq!(200, shown.status, "{}", shown.text());
        shown.json()["status"].as_str().unwrap().to_owned()
    }

    /// Opens the payment page and posts these fields with its token.
    pub(crate) fn post_form(&self, id: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.send("GET", &format!("/p/{id}/"), &[], b"");
        let token = token(&page).unwrap_or_default();
        let fields = [&[("attempt", token.as_str())], fields].concat();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", &format!("/p/{id}/"), &headers, &form(&fields))
    }

    /// Pays by card as a browser does.
    pub(crate) fn pay(&self, id: &str, card: &str) -> Answer {
        self.post_form(id, &card_fields(card))
    }

    /// A call of the control API, which must work.
    pub(crate) fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let token = format!("Bearer {}", self.sandbox["control"]["token"].as_str().unwrap());
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(method, &format!("/sandbox{path}"), &[("authorization", &token)], body.as_bytes());
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.text());
        answer.json()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control("POST", "/clock", &json!({ "advance_seconds": seconds }));
    }

    pub(crate) fn stop(self) {
        self.process.terminate();
        assert_eq!(0, self.process.ended(), "{}", self.place.printed());
    }

    pub(crate) fn kill(self) {
        self.process.kill();
    }
}

/// The fields of a good card form.
pub(crate) fn card_fields(card: &str) -> [(&str, &str); 4] {
    [("card_number", card), ("expires", "12/40"), ("cvc", "123"), ("cardholder_name", "Ada Lovelace")]
}

/// The token of a payment page's form.
pub(crate) fn token(page: &Answer) -> Option<String> {
    let html = page.text();
    let (_, rest) = html.split_once("name=\"attempt\" value=\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}
