//! What a run fills in: tokens, connectors, times.

use std::time::Duration;

use ocpp_rpc::Dialect;

/// The values of a run. Times are as short as tests want them; what is told to the target is whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The identity of the station.
    pub station: String,
    /// The version in which the cases of 2.x run: 2.0.1 or 2.1.
    pub edition: Dialect,
    /// The connector under test; in 2.x its EVSE, whose first connector it is.
    pub connector: u16,
    /// How many connectors the bench has when it is the station.
    pub connectors: u16,
    /// A valid token.
    pub token: String,
    /// Another one; the CSMS under test has it in the same group.
    pub token2: String,
    /// The group of both.
    pub group: String,
    /// A token that the CSMS does not know.
    pub invalid_token: String,
    /// A token that is over.
    pub expired_token: String,
    /// A token that is blocked.
    pub blocked_token: String,
    /// The heartbeat interval.
    pub heartbeat: Duration,
    /// The wait of a station that was told to wait.
    pub retry: Duration,
    /// The interval of sampled meter values.
    pub sample: Duration,
    /// How long a station waits for the cable.
    pub connection_timeout: Duration,
    /// How long a reservation lasts that nobody uses.
    pub reservation: Duration,
    /// How long to wait for what must come.
    pub patience: Duration,
    /// How long a station may take to boot.
    pub boot_patience: Duration,
    /// How long to watch for what must not come.
    pub watch: Duration,
    /// How long nothing must happen until a case is over.
    pub settle: Duration,
    /// The pause after the case of a live target.
    pub pause: Duration,
    /// How exact times must be.
    pub tolerance: Duration,
    /// Whether the cable is fixed, so that there is no lock.
    pub fixed_cable: bool,
    /// Whether a simulated station can restart an EVSE alone.
    pub resets_evses: bool,
    /// Whether the bays of a simulated station have detectors.
    pub detects_bay: bool,
    /// Whether the meters of a simulated station sign what they show.
    pub signs_readings: bool,
    /// Under which identifier the station keeps something of a customer.
    pub customer: Option<String>,
    /// Whether the station can speak while its power is gone.
    pub backup_power: bool,
    /// A folder on a file server that the station reaches: it takes uploads, and holds a file `no-firmware`.
    pub files: Option<String>,
    /// The password by which the bench connects to a CSMS that wants one.
    pub password: Option<String>,
    /// Whether the CSMS under test lets a station wait that boots for the first time.
    pub first_boot_pending: bool,
    /// The security profile of a simulated station, 0 for none.
    pub security_profile: u8,
    /// A root certificate that the station can take, in PEM.
    pub root_certificate: Option<String>,
    /// A certificate that the station takes for its own, in PEM.
    pub station_certificate: Option<String>,
    /// Firmware that the station can install, and what it was signed with.
    pub firmware: Option<SignedFirmware>,
    /// Goes into message ids, so that those of another run are others.
    pub run: String,
}

/// A firmware file and its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedFirmware {
    /// The URL of the file.
    pub location: String,
    /// The signer's certificate, in PEM.
    pub certificate: String,
    /// The signature, in Base64.
    pub signature: String,
}

impl Default for Values {
    fn default() -> Self {
        Values {
            station: "CP001".to_owned(),
            edition: Dialect::V2_0_1,
            connector: 1,
            connectors: 2,
            token: "CONF-A".to_owned(),
            token2: "CONF-B".to_owned(),
            group: "CONF-GROUP".to_owned(),
            invalid_token: "CONF-INVALID".to_owned(),
            expired_token: "CONF-EXPIRED".to_owned(),
            blocked_token: "CONF-BLOCKED".to_owned(),
            heartbeat: Duration::from_secs(10),
            retry: Duration::from_secs(4),
            sample: Duration::from_secs(3),
            connection_timeout: Duration::from_secs(6),
            reservation: Duration::from_secs(6),
            patience: Duration::from_secs(15),
            boot_patience: Duration::from_secs(120),
            watch: Duration::from_secs(8),
            settle: Duration::from_secs(1),
            pause: Duration::ZERO,
            tolerance: Duration::from_millis(1_500),
            fixed_cable: false,
            resets_evses: false,
            detects_bay: false,
            signs_readings: false,
            customer: None,
            backup_power: false,
            files: None,
            password: None,
            first_boot_pending: false,
            security_profile: 0,
            root_certificate: None,
            station_certificate: None,
            firmware: None,
            run: "0".to_owned(),
        }
    }
}

impl Values {
    /// Sets the value of this name: a token, a number, or a time in seconds.
    ///
    /// # Errors
    /// When there is no such value, or `text` is none.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let seconds =
            || text.parse().map(Duration::from_secs).map_err(|_| format!("{name}: {text:?} is no number of seconds"));
        let number = || text.parse().map_err(|_| format!("{name}: {text:?} is no number"));
        match name {
            "connector" => self.connector = number()?,
            "connectors" => self.connectors = number()?,
            "token" => self.token = text.to_owned(),
            "token2" => self.token2 = text.to_owned(),
            "group" => self.group = text.to_owned(),
            "invalid_token" => self.invalid_token = text.to_owned(),
            "expired_token" => self.expired_token = text.to_owned(),
            "blocked_token" => self.blocked_token = text.to_owned(),
            "heartbeat" => self.heartbeat = seconds()?,
            "retry" => self.retry = seconds()?,
            "sample" => self.sample = seconds()?,
            "connection_timeout" => self.connection_timeout = seconds()?,
            "reservation" => self.reservation = seconds()?,
            "patience" => self.patience = seconds()?,
            "boot_patience" => self.boot_patience = seconds()?,
            "watch" => self.watch = seconds()?,
            "settle" => self.settle = seconds()?,
            "pause" => self.pause = seconds()?,
            "tolerance" => self.tolerance = seconds()?,
            "first_boot" => self.first_boot_pending = text == "Pending",
            "customer" => self.customer = Some(text.to_owned()),
            "files" => self.files = Some(text.to_owned()),
            "root_certificate" => self.root_certificate = Some(text.to_owned()),
            "station_certificate" => self.station_certificate = Some(text.to_owned()),
            "firmware" => text.clone_into(&mut self.firmware.get_or_insert_default().location),
            "signing_certificate" => text.clone_into(&mut self.firmware.get_or_insert_default().certificate),
            "signature" => text.clone_into(&mut self.firmware.get_or_insert_default().signature),
            _ => return Err(format!("no value is named {name:?}; see --help")),
        }
        Ok(())
    }
}
