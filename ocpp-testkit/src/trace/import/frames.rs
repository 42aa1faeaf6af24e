//! Where the frames are in a text: as JSON, as JSON within a string of JSON or CSV, as other languages print lists, cut off by a
//! logger that shows the beginning and the end.

use ocpp_types::json::{Kind, Reader};

use super::relaxed;

/// A frame in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it begins in the text.
    pub start: usize,
    /// Where the text goes on.
    pub end: usize,
    /// The frame, as JSON as far as it is any.
    pub frame: String,
    /// Whether its logger left something out.
    pub is_cut: bool,
}

/// The marks of what a logger leaves out.
const ELLIPSES: [&str; 6] = ["...", "…", "truncated", "<snip>", "[Object]", "[Array]"];

/// The first frame from `from` on.
pub(super) fn find(text: &str, from: usize) -> Option<Found> {
    let brackets = text.get(from..)?.match_indices('[').map(|(at, _)| from + at);
    brackets.into_iter().find_map(|start| at(text, start))
}

/// The frame that begins at this bracket, if one does.
pub(super) fn at(text: &str, start: usize) -> Option<Found> {
    let rest = text.get(start..)?;
    let (kind, after) = opening(rest)?;
    let found = |frame: String, length: usize, is_cut| Found { start, end: start + length, frame, is_cut };
    match after.chars().next()? {
        '"' if after.starts_with("\"\"") && !after.starts_with("\"\",") => {
            let (frame, length) = unquoted(rest, unescape_csv)?;
            Some(found(frame.frame, length, frame.is_cut))
        }
        '"' => {
            let mut reader = Reader::with_depth(rest, u8::MAX);
            if let Ok(frame) = reader.raw_value() {
                let tail = rest.get(frame.len()..).and_then(|tail| tail.lines().next()).unwrap_or_default();
                let is_cut = is_mended(frame, tail);
                // What stands after a frame that was cut in its middle still belongs to it.
                let length = if is_cut { frame.len() + tail.len() } else { frame.len() };
                return is_frame(frame).then(|| found(frame.to_owned(), length, is_cut));
            }
            if let Some((frame, length)) = relaxed::to_json(rest).filter(|(frame, _)| is_frame(frame)) {
                return Some(found(frame, length, false));
            }
            let line = rest.lines().next()?.trim_end();
            is_type(kind).then(|| found(line.to_owned(), line.len(), is_elided(line)))
        }
        '\\' => {
            let (frame, length) = unquoted(rest, unescape_json)?;
            Some(found(frame.frame, length, frame.is_cut))
        }
        '\'' => match relaxed::to_json(rest) {
            Some((frame, length)) => is_frame(&frame).then(|| found(frame, length, false)),
            None => {
                let line = rest.lines().next()?.trim_end();
                (is_type(kind) && is_elided(line)).then(|| found(line.to_owned(), line.len(), true))
            }
        },
        // A message id that is no text: then the rest must look like a frame.
        _ => {
            let frame = Reader::with_depth(rest, u8::MAX).raw_value().ok()?;
            let is_known = is_type(kind)
                && kinds(frame).get(2).is_some_and(|third| *third == Kind::String || *third == Kind::Object);
            (is_known && frame.lines().count() == 1).then(|| found(frame.to_owned(), frame.len(), false))
        }
    }
}

/// The number that the array begins with, and what stands after the comma.
fn opening(rest: &str) -> Option<(&str, &str)> {
    // Within a string line breaks are escaped.
    let skip = |text: &'_ str| -> usize {
        let mut left = text;
        loop {
            let trimmed = left.trim_start();
            let escapes = ["\\n", "\\r", "\\t", "\\\\n"];
            match escapes.into_iter().find_map(|escape| trimmed.strip_prefix(escape)) {
                Some(after) => left = after,
                None => return text.len() - trimmed.len(),
            }
        }
    };
    let rest = rest.strip_prefix('[')?;
    let rest = rest.get(skip(rest)..)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|digits| (1..=3).contains(digits))?;
    let (kind, rest) = rest.split_at_checked(digits)?;
    let rest = rest.get(skip(rest)..)?.strip_prefix(',')?;
    Some((kind, rest.get(skip(rest)..)?))
}

/// Whether this is a message type (OCPP-J 1.6 §4.1.3, Part 4 of 2.1 §4.1.3).
fn is_type(kind: &str) -> bool {
    matches!(kind, "2" | "3" | "4" | "5" | "6")
}

/// Whether an array that begins with a number and a text is meant for a frame.
fn is_frame(array: &str) -> bool {
    let is_known = opening(array).is_some_and(|(kind, _)| is_type(kind));
    is_known || kinds(array).get(2..).is_some_and(|rest| rest.contains(&Kind::Object))
}

/// The kinds of the elements.
fn kinds(array: &str) -> Vec<Kind> {
    let mut reader = Reader::with_depth(array, u8::MAX);
    let mut kinds = Vec::new();
    if reader.begin_array().is_ok() {
        while kinds.len() < 8 && reader.next_element().is_ok_and(|more| more) {
            let Ok(kind) = reader.peek() else { break };
            kinds.push(kind);
            if reader.skip_value().is_err() {
                break;
            }
        }
    }
    kinds
}

/// Whether something was left out of a text that is JSON all the same.
fn is_mended(frame: &str, tail: &str) -> bool {
    if !is_elided(frame) {
        return false;
    }
    let is_counted = tail.contains(" bytes]") || tail.contains(" more characters");
    let elements = kinds(frame);
    let is_short = elements.last() != Some(&Kind::Object);
    is_counted || (is_short && tail.starts_with(['}', ']', '"', '\'']))
}

fn is_elided(text: &str) -> bool {
    ELLIPSES.iter().any(|mark| text.contains(mark))
}

/// The frame at the beginning of a text whose quotes are escaped, and its length there.
fn unquoted(rest: &str, unescape: fn(&str) -> Vec<(usize, char)>) -> Option<(Found, usize)> {
    let chars = unescape(rest);
    let plain: String = chars.iter().map(|(_, c)| *c).collect();
    let found = at(&plain, 0)?;
    let taken = plain.get(..found.end)?.chars().count();
    let length = chars.get(taken).map_or_else(|| chars.last().map_or(0, |(at, c)| at + c.len_utf8()), |(at, _)| *at);
    Some((found, length.min(rest.len())))
}

/// The characters of a string of JSON from here to its end, each with the place after which it was read.
fn unescape_json(text: &str) -> Vec<(usize, char)> {
    let mut plain = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' | '\n' => break,
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => plain.push((at, '\n')),
                Some('t') => plain.push((at, '\t')),
                Some('r') => plain.push((at, '\r')),
                Some('u') => {
                    let code = chars.as_str().get(..4).and_then(|code| u32::from_str_radix(code, 16).ok());
                    plain.push((at, code.and_then(char::from_u32).unwrap_or('\u{fffd}')));
                    chars.by_ref().take(4).for_each(|_| {});
                }
                Some(other) => plain.push((at, other)),
                None => break,
            },
            c => plain.push((at, c)),
        }
    }
    plain
}

/// The same of a field of CSV, where two quotes are one.
fn unescape_csv(text: &str) -> Vec<(usize, char)> {
    let mut plain = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '"' && chars.next_if(|(_, next)| *next == '"').is_none() {
            break;
        }
        plain.push((at, c));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(next) = find(text, from) {
            assert!(next.end > next.start && next.end <= text.len(), "{next:?}");
            from = next.end;
            found.push((next.frame, next.is_cut));
        }
        found
    }

    #[test]
    fn frame_is_found_however_it_is_quoted() {
        let plain = r#"[2,"1","Reset",{"type":"Soft"}]"#;
        for text in [
            plain.to_owned(),
            format!("send {plain} in 3 ms [1/2]"),
            format!("{:?}", format!("x {plain}")),
            format!("{:?}", format!("{:?}", format!("x {plain}"))),
            format!("a,\"{}\",b", plain.replace('"', "\"\"")),
            format!("a '{plain}' [31 bytes]"),
            plain.replace('"', "'"),
        ] {
            assert_eq!(frames(&text), [(plain.to_owned(), false)], "{text}");
        }
        let spread = "x: [\n  2,\n  \"1\",\n  \"Reset\",\n  {\"type\": \"Soft\"}\n] y";
        assert_eq!(frames(spread), [(spread[3..spread.len() - 2].to_owned(), false)]);
        assert_eq!(frames(&format!("{plain} {plain}")).len(), 2);
    }

    #[test]
    fn what_was_left_out_is_told_from_what_is_broken() {
        for (text, is_cut) in [
            (r#"[2,"7","GetC...eatures"]}]' [98 bytes]"#, true),
            (r#"[3,"7",{"a":"2026...41Z"}]' [198 bytes]"#, true),
            (r#"[2,"7","BootNot... [123 bytes]"#, true),
            (r#"[2,"7","Boot…"#, true),
            (r#"[2,"7","Heartb"#, false),
            (r#"[2,"7","Heartbeat",{}"#, false),
            (r#"[3,"7",{"a":"wait..."}]"#, false),
        ] {
            let found = frames(text);
            assert_eq!(found.iter().map(|found| found.1).collect::<Vec<_>>(), [is_cut], "{text}: {found:?}");
        }
    }

    #[test]
    fn other_lists_are_no_frames() {
        for text in ["[1,2,3]", "[7,\"x\"]", "[2026-05-02]", "[2]", "[2,", "[2, 3, 4]", "[]", "[98 bytes]", "[2,'a"] {
            assert_eq!(frames(text), [], "{text}");
        }
        assert_eq!(frames(r#"[2,5,"Heartbeat",{}]"#).len(), 1, "an id that is no text is a fault of the frame");
        assert_eq!(frames(r#"[9,"5","Heartbeat",{}]"#).len(), 1, "so is an unknown type");
    }
}
