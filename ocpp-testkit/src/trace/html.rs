//! A trace as one page: sequence diagram, filters, findings, messages that unfold, meters and limits.
//!
//! The page needs nothing else: no network, no other file. All that comes from the trace is text to it, never markup.

use ocpp_rpc::frame::MessageType;
use serde::Serialize;

use super::chart::{escape, svg};
use super::conversation::{Conversation, Item, Message, Seen};
use super::view;
use crate::validate::{Finding, Severity};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The page.
///
/// # Errors
/// Never for what a trace can hold; the JSON writer says so of everything.
pub fn render(title: &str, conversation: &Conversation, findings: &[Finding]) -> serde_json::Result<String> {
    let by_item = view::by_item(findings);
    let told =
        |item: Option<usize>| by_item.get(&item).into_iter().flatten().map(|finding| Told::of(finding)).collect();
    let rows = conversation.items.iter().enumerate();
    let rows = rows.map(|(index, item)| Row { findings: told(Some(index)), ..row(conversation, index, item) });
    let page = Page { rows: rows.collect(), unread: told(None) };
    // Within a script element, nothing may look like its end.
    let data = serde_json::to_string(&page)?.replace('<', "\\u003c");
    let chart = svg(conversation);
    let chart = chart.map_or_else(String::new, |svg| {
        format!("<details id=\"chart\" open><summary>meters and limits</summary>\n{svg}\n</details>")
    });
    let title = escape(title);
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<form id=\"filter\"></form>\n</header>\n\
         {chart}\n<main id=\"rows\"></main>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    ))
}

#[derive(Serialize)]
struct Page {
    rows: Vec<Row>,
    unread: Vec<Told>,
}

/// A line of the diagram. Names are short: there are thousands.
#[derive(Default, Serialize)]
struct Row {
    line: u64,
    time: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    who: String,
    /// `call`, `result`, `error`, `send`, `broken`, `event`, `told` or `ordered`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    label: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    digest: String,
    /// The row of the call or of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<usize>,
    /// Milliseconds from the call to this answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    took: Option<i64>,
    /// Whether the log has the message in part only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    /// The message as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Told>,
}

/// A finding.
#[derive(Serialize)]
struct Told {
    severity: Severity,
    text: String,
}

impl Told {
    fn of(finding: &Finding) -> Self {
        Told { severity: finding.severity, text: finding.to_string() }
    }
}

fn row(conversation: &Conversation, index: usize, item: &Item) -> Row {
    let event = |label: String| Row { kind: "event", label, ..Row::default() };
    let shown = match &item.seen {
        Seen::Message(message) => message_row(conversation, index, message),
        Seen::Connected { version } => event(format!("connected, {}", version.as_deref().unwrap_or("no version"))),
        Seen::Closed => event("closed".to_owned()),
        Seen::Restored(role) => event(format!("{} restored", role.name())),
        Seen::Told(role, json) => boundary("told", role.name(), json),
        Seen::Ordered(role, json) => boundary("ordered", role.name(), json),
    };
    let conn = item.conn.map_or_else(String::new, |conn| format!("#{conn}"));
    let who = format!("{}{conn}", item.station.as_deref().unwrap_or_default());
    Row { line: item.line, time: view::time(item).trim_start().to_owned(), who, ..shown }
}

fn boundary(kind: &'static str, role: &'static str, json: &str) -> Row {
    let label = format!("{role} {} {json}", if kind == "told" { "in" } else { "out" });
    Row { kind, from: Some(role), label, text: Some(json.to_owned()), ..Row::default() }
}

fn message_row(conversation: &Conversation, index: usize, message: &Message) -> Row {
    Row {
        kind: match message.kind {
            Some(MessageType::Call) => "call",
            Some(MessageType::CallResult) => "result",
            Some(MessageType::CallError | MessageType::CallResultError) => "error",
            Some(MessageType::Send) => "send",
            None => "broken",
        },
        from: Some(message.from.name()),
        action: message.action.clone(),
        label: view::label(message),
        digest: view::digest(message),
        other: message.call.or(message.answer),
        took: message.call.and_then(|call| conversation.millis_between(call, index)),
        cut: message.is_cut,
        text: Some(message.text.clone()),
        ..Row::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_trace_stays_text() {
        let hostile = "</script><script>alert(1)</script><!--";
        let frame =
            format!(r#"{{"at":1,"id":"{hostile}","from":"station","frame":[2,"1","{hostile}",{{"a":"{hostile}"}}]}}"#);
        let meter = format!(
            r#"{{"at":2,"id":"{hostile}","from":"station","frame":[2,"2","MeterValues",{{"connectorId":1,"meterValue":[{{"timestamp":"x","sampledValue":[{{"value":"1"}}]}}]}}]}}"#
        );
        let conversation = Conversation::of(&format!("{frame}\n{meter}").parse().unwrap(), None);
        let findings = crate::validate::conversation(&conversation, crate::validate::Scope::Trace);
        let page = render(hostile, &conversation, &findings).unwrap();
        assert!(!page.contains(hostile));
        assert_eq!(page.matches("</script>").count(), 2, "those of the page");
        assert!(!page.contains("<!--") && page.contains("&lt;/script&gt;"));
        let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["rows"][0]["who"], hostile);
        assert!(data["rows"][0]["text"].as_str().unwrap().contains(hostile));
    }

    #[test]
    fn message_that_the_log_has_in_part_is_marked() {
        let lines = r#"{"at":1,"from":"station","cut":"[2,\"1\",\"Heart"}
{"at":2,"from":"station","frame":[2,"2","Heartbeat",{}]}"#;
        let page = render("cut", &Conversation::of(&lines.parse().unwrap(), None), &[]).unwrap();
        let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!((&data["rows"][0]["cut"], data["rows"][1].get("cut")), (&true.into(), None));
        assert!(SCRIPT.contains("row.cut"));
    }

    #[test]
    fn page_asks_for_nothing_from_elsewhere() {
        let page = render("empty", &Conversation::default(), &[]).unwrap();
        for mark in ["http:", "https:", "src=", "@import", "url(", "<link"] {
            assert!(!page.contains(mark), "{mark}");
        }
    }
}
