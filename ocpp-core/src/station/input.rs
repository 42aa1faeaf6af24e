//! Everything that can be told to a station: facts, with the time of the call.

use alloc::borrow::Cow;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{
    Answer, AskId, CertificateUse, ConnectorId, Contract, EvCertificateAction, EvseId, EvseInput, Fault, FaultCode,
    IdToken, InstalledCertificates, JobId, JobUpdate, RawJson, SecurityEventKind, SiteLimit, StopReason, TriggerReason,
    WatchedCertificate,
};
use crate::store::Ticket;
use crate::text::Text;

/// A fact. More kinds may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Input<'a> {
    /// About the WebSocket.
    Link(LinkInput<'a>),
    /// The store operation of this ticket and all before it are durable.
    Stored(Ticket),
    /// The store operation failed. The host drops it and all later ones; they will be issued again.
    StoreFailed(Ticket),
    /// The host read a clock that it trusts: a battery-backed one, or NTP. An impossible time is not taken over
    /// ([`PolicyConfig::plausible_time`](super::PolicyConfig::plausible_time)).
    Wall(DateTime<Utc>),
    /// Certificates were installed or removed outside of OCPP. What the configuration says holds before.
    Certificates(InstalledCertificates),
    /// A fault of the station itself appeared, or changed, beside those that it has; or (none) all of them are gone.
    Fault(Option<Fault>),
    /// What has this code is gone, other faults of the station itself are not.
    FaultEnded(FaultCode),
    /// About one EVSE.
    Evse(EvseId, EvseInput),
    /// A token was presented, at the reader of an EVSE or at one for the whole station.
    Token {
        /// The EVSE that the reader belongs to.
        evse: Option<EvseId>,
        /// The token.
        token: IdToken,
    },
    /// A token was presented at a reader that several EVSEs share: its driver chooses one of them by the plug that he takes. One EVSE
    /// is the same as [`Input::Token`] there, none as one for the whole station.
    TokenAt {
        /// The EVSEs.
        evses: Vec<EvseId>,
        /// The token.
        token: IdToken,
    },
    /// A vehicle presented its contract, by which it pays (ISO 15118 Plug & Charge; 2.x C07). It may be presented again.
    Contract {
        /// Where it is plugged in.
        evse: EvseId,
        /// The contract.
        contract: Contract,
    },
    /// What the site allows beside the CSMS's profiles, as an energy manager or a fuse has it, from now on and until the next start; none
    /// is no such limit. The lowest of all limits counts. Without the feature `smart_charging` there are no limits.
    SiteLimit {
        /// The EVSE; none is the station, whose limit its EVSEs share.
        evse: Option<EvseId>,
        /// The most.
        limit: Option<SiteLimit>,
    },
    /// What became of a job.
    Job(JobId, JobUpdate),
    /// The application answers a question.
    Answer(AskId, Answer),
    /// The application wants something.
    Command(Command),
    /// Time passed. Due at the deadline of `poll_timeout`, harmless at any time.
    Tick,
}

/// A fact about the WebSocket: of the newest connection alone, see [`LinkAction`](super::LinkAction).
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum LinkInput<'a> {
    /// The handshake succeeded, with the subprotocol that the server chose. A connection that was open before is replaced.
    Opened {
        /// The value of `Sec-WebSocket-Protocol` in the response.
        subprotocol: SmallString,
    },
    /// A text message arrived. Ignored, as is a pong, while no connection is open.
    Frame(#[cfg_attr(feature = "serde", serde(with = "crate::forms::text"))] Cow<'a, [u8]>),
    /// A pong arrived.
    Pong,
    /// The connection is gone, or could not be made.
    Closed,
    /// The connection could not be made, because one side refused the other.
    Refused(ConnectRefusal),
}

impl fmt::Debug for LinkInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkInput::Opened { subprotocol } => write!(f, "Opened({subprotocol})"),
            LinkInput::Frame(bytes) => write!(f, "Frame({})", Text(bytes)),
            LinkInput::Pong => f.write_str("Pong"),
            LinkInput::Closed => f.write_str("Closed"),
            LinkInput::Refused(refusal) => write!(f, "Refused({refusal:?})"),
        }
    }
}

/// Why one side refused the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum ConnectRefusal {
    /// The CSMS refused the station's password or certificate: by HTTP status 401 or 403, or an alert of TLS.
    Credentials,
    /// The certificate of the CSMS is not valid, or not its own (A00.FR.307 to A00.FR.309).
    CsmsCertificate,
    /// The CSMS speaks only versions of TLS that are too old (A00.FR.315).
    TlsVersion,
    /// The CSMS allows only cipher suites that are not secure (A00.FR.318, A00.FR.322).
    TlsCipherSuite,
}

/// What the application can want.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Command {
    /// Stop the transaction on an EVSE.
    Stop {
        /// The EVSE.
        evse: EvseId,
        /// The reason to report.
        reason: StopReason,
        /// What brought it about, which 2.x tells beside the reason; none if that follows from the reason.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        trigger: Option<TriggerReason>,
    },
    /// Is this token good? Asked of the CSMS, or decided here, as where it would charge, but nothing begins: for another user of the
    /// reader. The answer is [`Event::TokenValidated`](super::Event::TokenValidated).
    ValidateToken {
        /// The token.
        token: IdToken,
    },
    /// Set a configuration key, as the operator's own software may, read-only ones included.
    Configure {
        /// The key's name.
        key: SmallString,
        /// Its value.
        value: SmallString,
    },
    /// Send vendor-specific data (1.6 §4.3, 2.x P02). The end is told by
    /// [`Event::DataTransferEnded`](super::Event::DataTransferEnded).
    DataTransfer {
        /// The vendor's name, at most 255 characters.
        vendor_id: SmallString,
        /// The kind of message, at most 50 characters.
        message_id: Option<SmallString>,
        /// The data: plain text in 1.6, JSON in 2.x.
        data: Option<String>,
    },
    /// Something happened to the station's security that only the host can know. It comes back as
    /// [`Event::SecurityEvent`](super::Event::SecurityEvent), and the CSMS is told as the kind has it.
    SecurityEvent {
        /// What.
        kind: SecurityEventKind,
        /// More of it, without secrets; it is cut at 255 characters.
        info: Option<SmallString>,
        /// Whether it is kept until the CSMS has taken it; none if that is as OCPP ranks its kind.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        is_critical: Option<bool>,
        /// When it happened, if that was not now.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        at: Option<DateTime<Utc>>,
    },
    /// Have a certificate of the station's own signed anew (1.6 security A03, 2.x A02): the host is ordered a request for it,
    /// which goes to the CSMS.
    SignCertificate {
        /// Which.
        usage: CertificateUse,
    },
    /// A certificate of the station's own that is in use expires then, as the host tells after each start and each change.
    /// A month before, it is signed anew; once, however that goes.
    CertificateExpires {
        /// Which.
        usage: CertificateUse,
        /// The end of its validity.
        at: DateTime<Utc>,
    },
    /// Send a call of any action, also a vendor's, when nothing else is to be sent. The station knows nothing of what it does.
    /// The end is told by [`Event::CallAnswered`](super::Event::CallAnswered).
    Call {
        /// The action's name.
        action: SmallString,
        /// The payload, which is not checked beyond being one JSON object.
        payload: RawJson,
    },
    /// A vehicle asks for a contract certificate (1.6 application note on Plug & Charge §3.2, 2.x M01, M02). The end is told by
    /// [`Event::EvCertificate`](super::Event::EvCertificate).
    EvCertificate {
        /// Where it is plugged in.
        evse: EvseId,
        /// What it wants.
        action: EvCertificateAction,
        /// The ISO 15118 schema that it speaks, at most 50 characters.
        schema_version: SmallString,
        /// Its message, in EXI and Base64, as it came: at most 5600 characters.
        exi: String,
    },
    /// These certificates of the station's own are shown to vehicles with their revocation status, and no others (2.x M06): the
    /// CSMS is asked for each in time, and what it says is told by
    /// [`Event::CertificateStatus`](super::Event::CertificateStatus). To be given after each start and each change, and after
    /// each status with the new time of its end.
    WatchCertificates(Vec<WatchedCertificate>),
    /// Close the link and connect again now, also after [`Disconnect`](Self::Disconnect).
    Reconnect,
    /// Close the link, and stay without one until [`Reconnect`](Self::Reconnect), or the next start. What is to be told waits.
    Disconnect,
    /// Take an EVSE, or the station with all, out of service or back, as the CSMS may too (1.6 §5.2, 2.x G03, G04): the last word counts,
    /// after a restart too. What is in use goes out of service when it becomes free.
    ChangeAvailability {
        /// The EVSE; none is the station.
        evse: Option<EvseId>,
        /// One of its connectors; none is the EVSE with all.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        connector: Option<ConnectorId>,
        /// Whether it is in service.
        is_operative: bool,
    },
}

impl Command {
    /// Stop the transaction on an EVSE.
    pub fn stop(evse: EvseId, reason: StopReason) -> Self {
        Command::Stop { evse, reason, trigger: None }
    }

    /// Something happened to the station's security, now, and counts as OCPP ranks its kind.
    pub fn security_event(kind: SecurityEventKind, info: Option<SmallString>) -> Self {
        Command::SecurityEvent { kind, info, is_critical: None, at: None }
    }
}
