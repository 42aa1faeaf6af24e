//! Whose frames a line is about: the identity of the station, and the connection.

use super::tokens::{Token, tokens};
use super::words;

/// Whom a line is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Who {
    /// The identity of the station.
    pub station: Option<String>,
    /// Whether the line says that it is one; else it stands where one would.
    pub is_said: bool,
    /// A word that may be one, if nothing else is.
    pub word: Option<String>,
    /// What the log calls the connection.
    pub conn: Option<String>,
}

/// Whom the text before (or around) a frame is about.
pub(super) fn find(text: &str) -> Who {
    let mut who = Who::default();
    for (key, value) in pairs(text) {
        who.member(&key, &value);
    }
    if who.station.is_none() {
        who.station = in_path(text);
        who.is_said = who.station.is_some();
    }
    if who.station.is_none() {
        who.station = by_place(&tokens(text));
    }
    who.word = by_word(text);
    who
}

/// A word before `: send`, in brackets before `send`, or after the word for a station.
fn by_word(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_verb =
        |word: &str| words::is_verb(&word.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), ""));
    let is_station = |word: &str| {
        matches!(word.to_ascii_lowercase().as_str(), "station" | "charger" | "point" | "box" | "chargepoint" | "client")
    };
    (0..words.len()).rev().find_map(|place| {
        let word = *words.get(place)?;
        let is_before = words.get(place + 1).is_some_and(|next| is_verb(next));
        let is_after =
            place.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|before| is_station(before));
        let is_name = is_before && word.ends_with([':', ']', ')']) || is_after;
        let name = word.trim_matches(|c: char| !c.is_alphanumeric()).rsplit(':').next()?;
        (is_name && !name.is_empty() && !is_verb(name) && !words::is_no_name(name)).then(|| name.to_owned())
    })
}

impl Who {
    /// Takes what a member of this name says.
    pub fn member(&mut self, key: &str, value: &str) {
        let name: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let value = value.trim();
        if value.is_empty() || value.len() > 100 || value == "null" || words::is_no_name(value) {
            return;
        }
        match name.as_str() {
            "chargeboxid"
            | "chargeboxidentity"
            | "chargepointid"
            | "chargepointidentity"
            | "chargingstationid"
            | "stationid"
            | "cpid"
            | "csid"
            | "cbid"
            | "cpidentity"
            | "identity"
            | "identifier"
            | "clientid"
            | "chargerid"
            | "ocppid"
            | "deviceid"
            | "ocppidentity"
            | "stationidentifier"
            | "evseserial"
            | "clientidentity" => self.say(value),
            "station" | "chargepoint" | "chargebox" | "chargingstation" | "charger" | "cp" | "client" | "device"
                if !value.contains(char::is_whitespace) =>
            {
                self.say(value);
            }
            "url" | "uri" | "path" | "endpoint" | "route" => {
                if let Some(station) = in_path(value).or_else(|| value.strip_prefix('/').and_then(segment)) {
                    self.say(&station);
                }
            }
            "sessionid" | "session" | "connectionid" | "connid" | "conn" | "connection" | "socketid" | "wsid"
            | "socket" => {
                self.conn.get_or_insert_with(|| value.to_owned());
            }
            _ => {}
        }
    }

    fn say(&mut self, station: &str) {
        if !self.is_said {
            self.station = Some(station.to_owned());
            self.is_said = true;
        }
    }
}

fn has_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// `key=value`, `key: value`, `"key":"value"`. A single word before a colon is a label more often than a key.
fn pairs(text: &str) -> Vec<(String, String)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut pairs = Vec::new();
    for (at, mark) in text.match_indices(['=', ':']) {
        let (Some(before), Some(after)) = (text.get(..at), text.get(at + 1..)) else { continue };
        let is_quoted = before.ends_with(['"', '\'']);
        let before = before.trim_end_matches(['"', '\'', '\\', ' ']);
        let key = before.rfind(|c| !is_name(c)).map_or(Some(before), |end| before.get(end..)).unwrap_or_default();
        let key = key.trim_start_matches(|c| !is_name(c));
        let value = after.trim_start_matches([' ', '"', '\'', '\\', '>']);
        let end = value.find(|c: char| {
            c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '\\' | ']' | ')' | '}' | '|' | '>' | '[')
        });
        let value = end.map_or(Some(value), |end| value.get(..end)).unwrap_or_default();
        let is_key = mark == "=" || is_quoted || key.to_ascii_lowercase().ends_with("id") || key.contains("dentit");
        if is_key && !key.is_empty() && !value.is_empty() {
            pairs.push((key.to_owned(), value.trim_end_matches(':').to_owned()));
        }
    }
    pairs
}

/// The last segment of a URL or path of OCPP.
fn in_path(text: &str) -> Option<String> {
    let is_end = |c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | ')' | ']' | '|' | '(' | '[' | '=' | '<' | '>')
    };
    text.split(is_end).find_map(|word| {
        let is_url = word.contains("ws://") || word.contains("wss://");
        let path = word.split_once("://").map_or(word, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let lower = path.to_ascii_lowercase();
        let is_path = is_url || word.starts_with('/') && (lower.contains("ocpp") || lower.contains("centralsystem"));
        let is_alone = word.starts_with('/') && word.matches('/').count() == 1 && has_digit(word);
        (is_path || is_alone).then(|| segment(path.trim_end_matches(':'))).flatten()
    })
}

/// The last segment of a path, if it can be an identity.
fn segment(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let last = path.rsplit('/').next().filter(|last| !last.is_empty())?;
    let lower = last.to_ascii_lowercase();
    let is_route = lower.starts_with("ocpp") && lower.chars().all(|c| "ocpjsw0123456789._-".contains(c));
    let is_version = matches!(
        lower.as_str(),
        "ws" | "websocket" | "centralsystemservice" | "1.6" | "1.6j" | "2.0.1" | "2.1" | "v16" | "v201"
    );
    (!is_route && !is_version).then(|| last.to_owned())
}

/// A name that stands beside a verb, an arrow or the word for a station, or directly before the frame.
fn by_place(tokens: &[Token]) -> Option<String> {
    let tokens: Vec<&Token> = tokens.iter().filter(|token| !matches!(token, Token::Joint)).collect();
    let solid = |place: usize, step: isize| {
        let mut place = place.checked_add_signed(step)?;
        while let Some(token) = tokens.get(place) {
            if !matches!(token, Token::Mark) {
                return Some(*token);
            }
            place = place.checked_add_signed(step)?;
        }
        None
    };
    let tells = |token: Option<&Token>| match token {
        Some(Token::Word(word)) => {
            const BESIDE: [&str; 14] = [
                "from",
                "to",
                "for",
                "id",
                "message",
                "point",
                "box",
                "station",
                "charger",
                "client",
                "cp",
                "chargepoint",
                "csms",
                "server",
            ];
            words::is_way(word) || BESIDE.contains(&word.as_str())
        }
        Some(Token::Arrow(_)) => true,
        Some(Token::Name(_) | Token::Joint | Token::Mark) | None => false,
    };
    let may_be = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let letters = name.chars().filter(|c| c.is_alphabetic()).count();
        let is_date = name.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | 'T' | 'Z'));
        let is_other = ["ocpp", "thread", "exec", "worker", "pool", "nio", "utf", "python", "main"]
            .iter()
            .any(|other| lower.contains(other));
        let is_hash = name.len() >= 20 && name.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        letters > 0 && !is_date && !is_other && !is_hash && name.len() <= 48
    };
    tokens.iter().enumerate().rev().find_map(|(place, token)| match token {
        Token::Name(name) if may_be(name) => {
            let is_last = solid(place, 1).is_none();
            (is_last || tells(solid(place, 1)) || tells(solid(place, -1))).then(|| name.clone())
        }
        Token::Name(_) | Token::Word(_) | Token::Arrow(_) | Token::Joint | Token::Mark => None,
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn stations_are_named_in_many_places() {
        for (text, station) in [
            ("[chargeBoxId=BOX_1, sessionId=a7] Received: ", Some("BOX_1")),
            ("chargePointId: CP1 in ", Some("CP1")),
            (r#"{"stationId":"CP-1","direction":"in","message":"#, Some("CP-1")),
            ("station=CP_A msg=", Some("CP_A")),
            ("GET ws://host:9000/ocpp/1.6/CP01 ", Some("CP01")),
            ("/ocpp/CP01: recv ", Some("CP01")),
            ("[/CP01] > ", Some("CP01")),
            ("INFO:ocpp:CP_1: receive message ", Some("CP_1")),
            ("recv CP-01: ", Some("CP-01")),
            ("CP01 -> CSMS: ", Some("CP01")),
            ("message from charge point BOX1 to csms ", Some("BOX1")),
            ("2026-05-02 10:21:41 (Thread-7) [BOX1] Sending ", Some("BOX1")),
            ("2026-05-02T10:21:41.123Z [http-nio-8080-exec-3] Received ", None),
            ("station: send ", None),
            ("connecting to ws://host:9000/ocpp ", None),
            ("[ocpp2.0.1] ", None),
        ] {
            assert_eq!(find(text).station.as_deref(), station, "{text}");
        }
        assert_eq!(find("[chargeBoxId=BOX_1, sessionId=a7]").conn.as_deref(), Some("a7"));
    }
}
