//! Logs whose text is wrapped: pages with tags, consoles with colours, containers with a prefix. Lines stay the lines they are.

use std::borrow::Cow;

/// The text without its wrapping. What tags say by their attributes stays.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut plain = Cow::Borrowed(text);
    if plain.contains("\u{1b}[") {
        plain = Cow::Owned(without_colours(&plain));
    }
    let is_closing = |(at, _): (usize, &str)| {
        text.get(at + 2..).is_some_and(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    if text.match_indices("</").any(is_closing) {
        plain = Cow::Owned(unescape(&without_tags(&plain)));
    } else if plain.contains("&quot;") || plain.contains("&#34;") {
        plain = Cow::Owned(unescape(&plain));
    }
    match without_prefixes(&plain) {
        Some(text) => Cow::Owned(text),
        None => plain,
    }
}

/// `[32m` and the like, after an escape.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut plain, part| {
        let end =
            part.find(|c: char| !c.is_ascii_digit() && c != ';').map_or(part.len(), |end| (end + 1).min(part.len()));
        plain.push_str(part.get(end..).unwrap_or(part));
        plain
    })
}

/// Lines of containers (`csms-1  | `): those that go on with JSON lose the prefix, so that they join.
fn without_prefixes(text: &str) -> Option<String> {
    let split = |line: &str| {
        let (name, rest) = line.split_once("| ").or_else(|| line.split_once('|'))?;
        (!name.is_empty() && name.trim_end().chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
            .then(|| rest.to_owned())
    };
    if !text.lines().all(|line| line.trim().is_empty() || split(line).is_some()) {
        return None;
    }
    let lines = text.lines().map(|line| match split(line) {
        Some(rest) if rest.trim().is_empty() || rest.starts_with([' ', '"', '{', '}', ']']) => rest,
        Some(_) | None => line.to_owned(),
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('<').and_then(|at| rest.split_at_checked(at)) {
        plain.push_str(before);
        let inner = from.get(1..).unwrap_or_default();
        let is_tag = inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        match inner.find('>').filter(|_| is_tag) {
            Some(end) => {
                let (tag, after) = (inner.get(..end).unwrap_or_default(), inner.get(end + 1..).unwrap_or_default());
                let attributes = tag.find(char::is_whitespace).and_then(|at| tag.get(at..)).unwrap_or_default();
                plain.push(' ');
                plain.push_str(attributes.trim_end_matches('/'));
                plain.push_str(if attributes.is_empty() { "" } else { "; " });
                rest = after;
            }
            None => {
                plain.push('<');
                rest = inner;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn unescape(text: &str) -> String {
    let entities = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
    ];
    let text = entities.into_iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain));
    text.replace("&rarr;", "→").replace("&larr;", "←").replace("&amp;", "&")
}
