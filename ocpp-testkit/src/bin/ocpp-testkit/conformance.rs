//! `conformance`: the cases of the compliance tool, against our machines or a live peer.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::Utc;
use clap::{Args, ValueEnum};
use ocpp_core::station::ConnectRequest;
use ocpp_rpc::Dialect;
use ocpp_rpc::handshake::{Identity, IdentityRules, Password, connection_url};
use ocpp_testkit::conformance::target::{Target, Trouble};
use ocpp_testkit::conformance::targets::{
    LiveCsms, LiveStation, Operator, Person, Program, VirtualCsms, VirtualStation,
};
use ocpp_testkit::conformance::{self, Case, Report, Role, Script, Values, Verdict, report};
use ocpp_testkit::drivers::tokio::{Authenticator, Credential, tls};
use serde_json::json;

use crate::lines::Version;
use crate::print;

const AFTER_HELP: &str = r#"Without --url or --listen our own machines are tested in virtual time, each case from scratch.

Steps that are no messages (a plug, a token, a power cut; for a CSMS: what its operator sends) are asked for at the
terminal, or go to the program of --spawn, one line of JSON each on its standard input. They are in the words of the
programs `station` and `csms`:
  {"plug":1} {"unplug":1} {"unplug_vehicle":1} {"token":{"evse":1,"id":"CONF-A"}} {"power_cycle":{}}
  {"vehicle":{"evse":1,"state":"Paused"}} {"fault":{"evse":1,"code":"GroundFailure"}} {"fault_cleared":1} {"lock_stuck":{"evse":1,"stuck":true}}
  {"station":"CP001","action":"RemoteStartTransaction","payload":{"connectorId":1,"idTag":"CONF-A"}}
With --listen, {url} in the command is the address to connect to. What it cannot do the program says on its standard output,
and the case is inconclusive:
  {"cannot":"there is no second connector"}
A script can drive any other system:
  --spawn 'sh -c "while read step; do ./rig.sh \"$step\"; done"'

A CSMS under test has to know the tokens CONF-A and CONF-B (Accepted, both with the parent CONF-GROUP), CONF-EXPIRED
(Expired), CONF-BLOCKED (Blocked), and not to know CONF-INVALID. Other names, and times in seconds, are set by --value:
token, token2, group, invalid_token, expired_token, blocked_token, connector, connectors, heartbeat, retry, sample,
connection_timeout, reservation, patience, boot_patience, watch, settle, pause, tolerance. And files: the URL of a folder on a
file server, which takes uploads and holds a file no-firmware that no station can install. For the cases on security:
root_certificate and station_certificate (PEM); firmware (URL), signing_certificate (PEM) and signature (Base64).

A live peer is brought back into its initial state after each case, as far as OCPP and the steps go: transactions that
a case began are ended, reservations and profiles taken back, keys and availability set as they were. Each call of a peer
is answered, also one that breaks a rule. What a peer cannot do (NotImplemented, NotSupported) is inconclusive.
The exit status is 0 if no case failed and none was inconclusive, 1 if one did, 2 if the run could not start or go on.

Examples:
  ocpp-testkit conformance --role station
  ocpp-testkit conformance --ocpp 2.0.1 --case TC_E_04_CS
  ocpp-testkit conformance --listen 127.0.0.1:9100 --spawn 'ocpp-testkit station --url {url} --id CP001 --evses 2'
  ocpp-testkit conformance --url ws://127.0.0.1:9000/ocpp --case TC_012_CSMS --save traces \
    --spawn 'ocpp-testkit csms --listen 127.0.0.1:9000 --token CONF-A=Accepted:CONF-GROUP'"#;

/// Run the cases of the OCPP compliance tool: for stations and CSMSs of 1.6, and for stations of 2.0.1 and 2.1.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Conformance {
    /// Who is under test; without it both, or what --url or --listen says.
    #[arg(long)]
    role: Option<RoleName>,
    /// The version: 1.6, 2.0.1 or 2.1. The cases of 2.x are those of Core, Advanced Security and Local Authorization List Management.
    #[arg(long, value_name = "VERSION", default_value = "1.6")]
    ocpp: Version,
    /// Only this case. May be repeated.
    #[arg(long, value_name = "ID")]
    case: Vec<String>,
    /// The endpoint of a CSMS under test, ws:// or wss://, without the identity.
    #[arg(long, value_name = "URL", conflicts_with = "listen")]
    url: Option<String>,
    /// Where to wait for a station under test; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The identity of the station.
    #[arg(long, default_value = "CP001")]
    id: String,
    /// The password of the station (Basic authentication).
    #[arg(long)]
    password: Option<String>,
    /// The certificates to trust for wss, PEM; without it the public roots of the web.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The certificate chain to serve wss with, PEM.
    #[arg(long, value_name = "FILE", requires = "key", requires = "listen")]
    cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// A command that is started first, and gets the steps; without it they are asked for.
    #[arg(long, value_name = "COMMAND")]
    spawn: Option<String>,
    /// A value of the run.
    #[arg(long, value_name = "NAME=VALUE")]
    value: Vec<String>,
    /// The station under test has fixed cables, and so no locks.
    #[arg(long)]
    fixed_cable: bool,
    /// The station under test can speak while its power is gone.
    #[arg(long)]
    backup_power: bool,
    /// The pause after each case of a live peer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pause: u64,
    /// Write a report as JUnit XML, with the conversation behind each verdict.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a report as one page for a browser, with the conversation behind each verdict.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the conversation of each case into this folder, as a trace.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Print one line of JSON for each case.
    #[arg(long)]
    json: bool,
    /// List the cases, and run none.
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Station,
    Csms,
}

type Failure = Box<dyn std::error::Error>;

/// What the cases run against.
enum Bed {
    /// Our machines, made anew for each case.
    Ours,
    /// A live peer, the same for all.
    Live(Box<dyn Target>),
}

impl Conformance {
    pub fn run(self) -> ExitCode {
        match self.carry_out() {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => print::give_up("conformance", error.as_ref()),
        }
    }

    /// Whether all that was checked holds.
    fn carry_out(&self) -> Result<bool, Failure> {
        let cases = self.chosen()?;
        if self.list {
            return self.list(&cases).map(|()| true);
        }
        let values = self.values()?;
        let mut bed = self.bed(&values)?;
        if let Some(directory) = &self.save {
            fs::create_dir_all(directory)?;
        }
        let mut counts = [0; 4];
        let mut reports = Vec::new();
        for case in cases {
            let (dialect, suited) = (case.dialect(&values), case.outfit(values.clone()));
            let report = match (&mut bed, case.role()) {
                (Bed::Live(target), _) => conformance::run(case, target.as_mut(), &values),
                (Bed::Ours, Role::Station) => {
                    conformance::run(case, &mut VirtualStation::speaking(dialect, &suited)?, &suited)
                }
                (Bed::Ours, Role::Csms) => {
                    conformance::run(case, &mut VirtualCsms::speaking(dialect, &suited)?, &suited)
                }
            };
            if let Some(count) = counts.get_mut(report.verdict as usize) {
                *count += 1;
            }
            self.tell(&report)?;
            if let Some(directory) = &self.save {
                save(directory, &report)?;
            }
            if self.junit.is_some() || self.report.is_some() {
                reports.push(report);
            }
        }
        if let Some(file) = &self.junit {
            write(file, &report::junit(&reports))?;
        }
        if let Some(file) = &self.report {
            write(file, &report::html(&reports))?;
        }
        let [passed, not_applicable, inconclusive, failed] = counts;
        if !self.json {
            println!("{passed} passed, {failed} failed, {inconclusive} inconclusive, {not_applicable} not applicable");
        }
        Ok(failed == 0 && inconclusive == 0 && passed > 0)
    }

    fn role(&self) -> Result<Option<Role>, Failure> {
        let implied = match (&self.url, &self.listen) {
            (Some(_), _) => Some(Role::Csms),
            (None, Some(_)) => Some(Role::Station),
            (None, None) => None,
        };
        let said = self.role.map(|role| match role {
            RoleName::Station => Role::Station,
            RoleName::Csms => Role::Csms,
        });
        match (said, implied) {
            (Some(said), Some(implied)) if said != implied => {
                Err("--url is for a CSMS under test, --listen for a station".into())
            }
            (said, implied) => Ok(said.or(implied)),
        }
    }

    fn chosen(&self) -> Result<Vec<Case>, Failure> {
        let role = self.role()?;
        let fits = |case: &Case| role.is_none_or(|role| case.role() == role);
        if self.case.is_empty() {
            return Ok(conformance::cases(self.ocpp.0).filter(fits).collect());
        }
        let find = |id: &String| match conformance::find(id) {
            Some(case) if !conformance::cases(self.ocpp.0).any(|other| other.id == case.id) => {
                Err(format!("{id} is no case of {}", self.ocpp).into())
            }
            Some(case) if fits(&case) => Ok(case),
            Some(_) => Err(format!("{id} is for the other role").into()),
            None => Err(format!("there is no case {id}; see --list").into()),
        };
        self.case.iter().map(find).collect()
    }

    fn list(&self, cases: &[Case]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        for case in cases {
            let unwritten = match case.script {
                Script::V1_6(_) | Script::V2(_) => None,
                Script::Unwritten(why) => Some(why),
            };
            if self.json {
                let line = json!({
                    "case": case.id, "title": case.title, "role": case.role(), "spec": sections(case),
                    "unwritten": unwritten,
                });
                writeln!(stdout, "{line}")?;
            } else {
                let note = unwritten.map(|why| format!(" (not run: {why})")).unwrap_or_default();
                writeln!(stdout, "{:14} {} [{}]{note}", case.id, case.title, case.spec)?;
            }
        }
        Ok(())
    }

    fn values(&self) -> Result<Values, Failure> {
        let mut values = Values {
            station: self.id.clone(),
            edition: if self.ocpp.0 == Dialect::V2_1 { Dialect::V2_1 } else { Dialect::V2_0_1 },
            fixed_cable: self.fixed_cable,
            backup_power: self.backup_power,
            password: self.password.clone(),
            pause: Duration::from_secs(self.pause),
            ..Values::default()
        };
        if self.url.is_some() || self.listen.is_some() {
            values.run = format!("{:x}", Utc::now().timestamp());
        } else {
            values = VirtualStation::with_host(values);
        }
        for setting in &self.value {
            let (name, value) = setting.split_once('=').ok_or("--value is not of the form NAME=VALUE")?;
            values.set(name, value)?;
        }
        Ok(values)
    }

    fn bed(&self, values: &Values) -> Result<Bed, Failure> {
        if let Some(url) = &self.url {
            let operator = self.operator(None)?;
            let identity = Identity::new(&self.id, &IdentityRules::V1_6)?;
            let authorization = match &self.password {
                Some(password) => Some(Password::from_bytes(password.as_bytes())?.authorization(&identity).into()),
                None => None,
            };
            let subprotocols = vec![self.ocpp.0.subprotocol().into()];
            let mut request = ConnectRequest::new(&connection_url(url, &identity)?, subprotocols);
            request.authorization = authorization;
            let csms = LiveCsms::new(request, tls::client(self.ca.as_deref())?, &values.station, operator)?;
            return Ok(Bed::Live(Box::new(csms)));
        }
        let Some(address) = &self.listen else { return Ok(Bed::Ours) };
        let authenticator = match &self.password {
            Some(password) => Authenticator::Shared(Credential::new(password)?),
            None => Authenticator::AcceptAll,
        };
        let (scheme, tls) = match (&self.cert, &self.key) {
            (Some(chain), Some(key)) => ("wss", Some(tls::server(chain, key, None)?)),
            (None, _) | (_, None) => ("ws", None),
        };
        let station = LiveStation::listen(address, authenticator, tls, self.ocpp.0, &values.station, |address| {
            eprintln!("waiting for the station at {scheme}://{address}");
            self.operator(Some(&format!("{scheme}://{address}"))).map_err(io::Error::other)
        })?;
        Ok(Bed::Live(Box::new(station)))
    }

    fn operator(&self, url: Option<&str>) -> Result<Operator, Trouble> {
        let undone = |error: io::Error| Trouble::Undone(error.to_string());
        match &self.spawn {
            Some(command) => {
                let command = command.replace("{url}", url.unwrap_or_default());
                Program::start(&command).map(Operator::Program).map_err(undone)
            }
            None => Person::at_the_terminal().map(Operator::Person).map_err(undone),
        }
    }

    fn tell(&self, report: &Report) -> io::Result<()> {
        let Report { case, verdict, reason, took, .. } = report;
        let mut stdout = io::stdout().lock();
        if self.json {
            let line = json!({
                "case": case.id, "title": case.title, "role": case.role(), "spec": sections(case), "verdict": verdict,
                "reason": reason, "ms": took.as_millis(),
            });
            return writeln!(stdout, "{line}");
        }
        let word = match verdict {
            Verdict::Passed => "pass",
            Verdict::Failed => "FAIL",
            Verdict::Inconclusive => "inconclusive",
            Verdict::NotApplicable => "not applicable",
        };
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        writeln!(stdout, "{:14} {word:14} {}{reason}", case.id, case.title)
    }
}

/// The sections that a case rests on.
fn sections(case: &Case) -> Vec<&'static str> {
    case.spec.split(", ").collect()
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn save(directory: &Path, report: &Report) -> io::Result<()> {
    let lines: String = report.trace.iter().map(|line| format!("{line}\n")).collect();
    fs::write(directory.join(format!("{}.jsonl", report.case.id)), lines)
}
