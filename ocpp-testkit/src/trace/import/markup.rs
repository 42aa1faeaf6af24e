//! Logs that are pages: their text without the tags, line by line.

use std::borrow::Cow;

/// The text of a page, in the lines it has there; any other text as it is. What tags say by their class or title stays.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    const TAGS: [&str; 7] = ["</td>", "</pre>", "</div>", "</tr>", "</li>", "</span>", "</p>"];
    if TAGS.iter().any(|tag| text.contains(tag)) {
        return Cow::Owned(unescape(&without_tags(text)));
    }
    if text.contains("&quot;") || text.contains("&#34;") { Cow::Owned(unescape(text)) } else { Cow::Borrowed(text) }
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
                plain.push(' ');
                for name in ["class=\"", "title=\"", "data-direction=\""] {
                    let value = tag.split_once(name).and_then(|(_, value)| value.split_once('"'));
                    if let Some((value, _)) = value {
                        plain.push_str(value);
                        plain.push_str("; ");
                    }
                }
                plain.extend(tag.chars().filter(|c| *c == '\n'));
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
