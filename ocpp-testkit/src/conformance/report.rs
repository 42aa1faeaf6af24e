//! Reports of a run, with the conversation behind each verdict: JUnit XML for build servers, one page for people.

use std::fmt::Write;

use ocpp_rpc::Dialect;

use super::{Report, Role, Verdict};
use crate::trace::conversation::Conversation;
use crate::trace::{import, text};

/// The conversation of a case, a line for each frame.
fn conversation(report: &Report) -> String {
    let lines: String = report.trace.iter().map(|line| format!("{line}\n")).collect();
    text::render(&Conversation::of(&import::read(&lines).recording, None), &[])
}

/// How many of the reports have a verdict.
fn count(reports: &[Report], verdict: Verdict) -> usize {
    reports.iter().filter(|report| report.verdict == verdict).count()
}

fn role(report: &Report) -> &'static str {
    match report.case.role() {
        Role::Station => "station",
        Role::Csms => "csms",
    }
}

/// What the numbers of a case are of.
fn rests_on(report: &Report) -> &'static str {
    match report.dialect {
        Dialect::V1_6 => "1.6 §",
        Dialect::V2_0_1 => "2.0.1 ",
        Dialect::V2_1 => "2.1 ",
    }
}

/// JUnit XML. What is inconclusive or does not apply is skipped there, with its reason: it says nothing against the target.
pub fn junit(reports: &[Report]) -> String {
    let total: f64 = reports.iter().map(|report| report.took.as_secs_f64()).sum();
    let skipped = count(reports, Verdict::Inconclusive) + count(reports, Verdict::NotApplicable);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"OCPP conformance\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{skipped}\" time=\"{total:.3}\">",
        reports.len(),
        count(reports, Verdict::Failed),
    );
    for report in reports {
        let (id, title) = (escape(report.case.id), escape(report.case.title));
        let took = report.took.as_secs_f64();
        let _ = writeln!(xml, "  <testcase classname=\"{}\" name=\"{id} {title}\" time=\"{took:.3}\">", role(report));
        let reason = escape(&report.reason);
        let _ = match report.verdict {
            Verdict::Passed => Ok(()),
            Verdict::Failed => writeln!(xml, "    <failure message=\"{reason}\"/>"),
            Verdict::Inconclusive => writeln!(xml, "    <skipped message=\"inconclusive: {reason}\"/>"),
            Verdict::NotApplicable => writeln!(xml, "    <skipped message=\"not applicable: {reason}\"/>"),
        };
        let _ = writeln!(xml, "    <system-out>{}</system-out>\n  </testcase>", escape(&conversation(report)));
    }
    xml.push_str("</testsuite>\n");
    xml
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>OCPP conformance</title><style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1c2330; }
details { border: 1px solid #d5dae3; border-left-width: 6px; border-radius: 4px; margin: .35rem 0; padding: .35rem .8rem; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 9.5rem; }
.pass { border-left-color: #2e8b57; } .fail { border-left-color: #c0392b; background: #fdf4f3; }
.inconclusive { border-left-color: #d99a1c; } .skip { border-left-color: #9aa4b2; color: #5a6472; }
p.why { margin: .3rem 0; } .fail p.why { color: #a12a1d; }
pre { overflow-x: auto; background: #f5f7fa; padding: .6rem; font-size: 12.5px; }
</style></head><body>
";

/// One page that needs nothing else: a line for each case, which opens to show the conversation.
pub fn html(reports: &[Report]) -> String {
    let mut page = HEAD.to_owned();
    let _ = writeln!(
        page,
        "<h1>OCPP conformance</h1>\n<p>{} passed, {} failed, {} inconclusive, {} not applicable</p>",
        count(reports, Verdict::Passed),
        count(reports, Verdict::Failed),
        count(reports, Verdict::Inconclusive),
        count(reports, Verdict::NotApplicable),
    );
    for report in reports {
        let (class, word) = match report.verdict {
            Verdict::Passed => ("pass", "passed"),
            Verdict::Failed => ("fail", "failed"),
            Verdict::Inconclusive => ("inconclusive", "inconclusive"),
            Verdict::NotApplicable => ("skip", "not applicable"),
        };
        // What somebody has to look at.
        let open = if matches!(report.verdict, Verdict::Failed | Verdict::Inconclusive) { " open" } else { "" };
        let (id, title, spec) = (escape(report.case.id), escape(report.case.title), escape(report.case.spec));
        let _ = writeln!(
            page,
            "<details class=\"{class}\"{open}><summary><b>{id}</b> {word}: {title}</summary>\n<p>OCPP {}{spec}; took {} ms</p>",
            rests_on(report),
            report.took.as_millis(),
        );
        if !report.reason.is_empty() {
            let _ = writeln!(page, "<p class=\"why\">{}</p>", escape(&report.reason));
        }
        let _ = writeln!(page, "<pre>{}</pre></details>", escape(&conversation(report)));
    }
    page.push_str("</body></html>\n");
    page
}

/// Text for XML and HTML. Control characters, which XML cannot have, are shown as a replacement.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::conformance::find;

    fn report(verdict: Verdict, reason: &str) -> Report {
        let trace = vec![
            json!({"ocpp_trace": 1, "ocpp": "1.6"}),
            json!({"at": 0, "from": "station", "frame": [2, "1", "DataTransfer", {"vendorId": "<b>&\"\u{1}"}]}),
        ];
        let case = find("TC_003_CS").unwrap();
        let (dialect, took) = (Dialect::V1_6, Duration::from_millis(1500));
        Report { case, dialect, verdict, reason: reason.to_owned(), took, seen: Vec::new(), trace }
    }

    #[test]
    fn reports_show_verdict_reason_and_conversation_and_stay_well_formed() {
        let reports = [
            report(Verdict::Passed, ""),
            report(Verdict::Failed, "status is \"<x>\""),
            report(Verdict::Inconclusive, "cannot"),
            report(Verdict::NotApplicable, "no profile"),
        ];
        let xml = junit(&reports);
        assert!(xml.contains("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\" time=\"6.000\""), "{xml}");
        assert!(xml.contains("<failure message=\"status is &quot;&lt;x&gt;&quot;\"/>"), "{xml}");
        assert!(xml.contains("<skipped message=\"inconclusive: cannot\"/>"), "{xml}");
        assert_eq!(xml.matches("DataTransfer").count(), 4, "{xml}");
        let page = html(&reports);
        assert!(page.contains("1 passed, 1 failed, 1 inconclusive, 1 not applicable"), "{page}");
        assert_eq!(page.matches(" open>").count(), 2, "what is not settled is open");
        for text in [&xml, &page] {
            assert!(!text.contains("<b>&\"") && !text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        }
    }
}
