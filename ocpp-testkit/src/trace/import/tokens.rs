//! The words of a line of a log.

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word in lower case; words within a word (`onMessage`, `charge_point`) stand alone.
    Word(String),
    /// Something with digits in it, as it stands: it may be an identity.
    Name(String),
    /// An arrow, and whether it shows to the right.
    Arrow(bool),
    /// What parts words of one name: `charge_point`, `ocpp.server`.
    Joint,
    /// Other punctuation.
    Mark,
}

/// The pieces of a line.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let length = if c.is_alphanumeric() {
            let length = chunk(rest);
            let chunk = rest.get(..length).unwrap_or_default();
            if chunk.contains(|c: char| c.is_ascii_digit()) && !is_between(chunk) {
                tokens.push(Token::Name(chunk.to_owned()));
            } else {
                words(chunk, &mut tokens);
            }
            length
        } else if let Some((is_right, length)) = arrow(rest, before) {
            tokens.push(is_right.map_or(Token::Mark, Token::Arrow));
            length
        } else if c == '<' && bracketed(rest).is_some() {
            tokens.push(Token::Mark);
            bracketed(rest).unwrap_or(1)
        } else {
            if !c.is_whitespace() {
                tokens.push(Token::Mark);
            }
            c.len_utf8()
        };
        before = rest.get(..length).and_then(|taken| taken.chars().next_back()).unwrap_or(' ');
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens
}

/// `cp2cs` and the like: words in spite of their digit.
fn is_between(chunk: &str) -> bool {
    let parts = chunk.split_once('2');
    parts.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty() && (a.to_owned() + b).chars().all(char::is_alphabetic))
}

/// The length of a word with what may stand within one.
fn chunk(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let goes_on = c.is_alphanumeric()
            || matches!(c, '_' | '-' | '.' | '*' | '@') && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !goes_on {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// The words within a word.
fn words(chunk: &str, tokens: &mut Vec<Token>) {
    let mut word = String::new();
    let mut is_first = true;
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            if !std::mem::take(&mut is_first) {
                tokens.push(Token::Joint);
            }
            tokens.push(Token::Word(std::mem::take(word).to_lowercase()));
        }
    };
    let mut was_lower = false;
    for c in chunk.chars() {
        if c == '2' && was_lower {
            // `Cp2Cs`, `station2csms`.
            end(&mut word);
            word.push('2');
            end(&mut word);
            was_lower = false;
            continue;
        }
        if !c.is_alphanumeric() || (was_lower && c.is_uppercase()) {
            end(&mut word);
        }
        if c.is_alphanumeric() {
            word.push(c);
        }
        was_lower = c.is_lowercase();
    }
    end(&mut word);
}

/// An arrow at the beginning of `text`, and its length. One between two words is code and shows nowhere, unless it shows at an end.
fn arrow(text: &str, before: char) -> Option<(Option<bool>, usize)> {
    for (mark, is_right) in
        [("→", true), ("➡", true), ("»", true), ("⇒", true), ("←", false), ("⬅", false), ("«", false), ("⇐", false)]
    {
        if text.starts_with(mark) {
            return Some((Some(is_right), mark.len()));
        }
    }
    let shaft = |text: &str| text.find(|c| !matches!(c, '-' | '=')).unwrap_or(text.len());
    let heads = |text: &str, head: char| text.find(|c| c != head).unwrap_or(text.len());
    let tail = shaft(text);
    let after_tail = text.get(tail..)?;
    let (is_right, length) = match after_tail.chars().next()? {
        '>' => (true, tail + heads(after_tail, '>')),
        '<' if tail == 0 && bracketed(text).is_none() => {
            let head = heads(text, '<');
            (false, head + shaft(text.get(head..)?))
        }
        _ => return None,
    };
    let after = text.get(length..)?;
    let is_glued = before.is_alphanumeric() && after.starts_with(char::is_alphabetic);
    Some(((!is_glued || is_between_ends(after)).then_some(is_right), length))
}

/// Whether what an arrow shows at begins with the name of an end, or is one in capitals.
fn is_between_ends(after: &str) -> bool {
    let word = after.get(..chunk(after)).unwrap_or_default();
    let is_capital =
        word.len() > 1 && word.chars().all(|c| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    is_capital || super::words::end(word).is_some()
}

/// The length of `<text>`, which is no pair of arrows.
fn bracketed(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let end = inner.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | ':' | '/' | ' ' | '='))?;
    let is_text = inner.starts_with(|c: char| c.is_alphanumeric() || c == '/');
    (is_text && inner.get(end..)?.starts_with('>')).then_some(end + 2)
}
