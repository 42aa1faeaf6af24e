//! A trace as a Mermaid sequence diagram.

use std::collections::BTreeMap;
use std::fmt::Write;

use ocpp_rpc::frame::MessageType;

use super::conversation::{Conversation, Item, Message, Seen};
use super::view;
use crate::link::End;
use crate::validate::{Finding, Severity};

/// The diagram. Errors and warnings are notes beside their message.
pub fn render(conversation: &Conversation, findings: &[Finding]) -> String {
    let mut stations: BTreeMap<Option<&str>, String> = BTreeMap::new();
    for item in &conversation.items {
        let number = stations.len();
        stations.entry(item.station.as_deref()).or_insert_with(|| format!("S{number}"));
    }
    let by_item = view::by_item(findings);
    let mut text = "sequenceDiagram\n".to_owned();
    for (station, name) in &stations {
        let _ = writeln!(text, "    participant {name} as {}", plain(station.unwrap_or("station")));
    }
    text.push_str("    participant C as CSMS\n");
    for (index, item) in conversation.items.iter().enumerate() {
        let station = stations.get(&item.station.as_deref()).map_or("S0", String::as_str);
        line(&mut text, station, item);
        let of_it = by_item.get(&Some(index)).into_iter().flatten();
        for finding in of_it.filter(|finding| finding.severity > Severity::Note) {
            let path = finding.path.as_ref().map_or_else(String::new, |path| format!("{path} "));
            let told = plain(&format!("{} {}: {path}{}", finding.severity, finding.kind, finding.text));
            let _ = writeln!(text, "    Note over {station},C: {told}");
        }
    }
    text
}

fn line(text: &mut String, station: &str, item: &Item) {
    let note = match &item.seen {
        Seen::Message(message) => return arrow(text, station, message),
        Seen::Connected { version } => format!("connected, {}", version.as_deref().unwrap_or("no version")),
        Seen::Closed => "closed".to_owned(),
        Seen::Restored(role) => format!("{} restored", role.name()),
        // A diagram of messages.
        Seen::Told(..) | Seen::Ordered(..) => return,
    };
    let _ =
        writeln!(text, "    Note over {station},C: {}", plain(&format!("{} {note}", view::time(item).trim_start())));
}

fn arrow(text: &mut String, station: &str, message: &Message) {
    let (from, to) = match message.from {
        End::Station => (station, "C"),
        End::Csms => ("C", station),
    };
    let arrow = match message.kind {
        Some(MessageType::Call) => "->>",
        Some(MessageType::Send) => "-)",
        Some(MessageType::CallResult) => "-->>",
        Some(MessageType::CallError | MessageType::CallResultError) | None => "--x",
    };
    let told = format!("{} {}", view::label(message), view::digest(message));
    let _ = writeln!(text, "    {from}{arrow}{to}: {}", plain(told.trim_end()));
}

/// Text that Mermaid takes as text.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().take(120) {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '%' => {
                let _ = write!(plain, "#{};", u32::from(c));
            }
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_no_syntax() {
        assert_eq!(super::plain("a;b\n#<i>"), "a#59;b #35;#60;i#62;");
    }
}
