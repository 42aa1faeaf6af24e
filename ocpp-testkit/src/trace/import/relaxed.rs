//! Arrays and objects as Python and JavaScript print them, made JSON: `[2, '1', 'Reset', {'type': 'Soft', 'x': None}]`.

/// How deep values may be nested.
const DEPTH: usize = 64;

/// The JSON text of the value at the beginning of `text`, and how many bytes it takes there.
pub(super) fn to_json(text: &str) -> Option<(String, usize)> {
    let mut parser = Parser { text, at: 0, out: String::new() };
    parser.value(0)?;
    Some((parser.out, parser.at))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    out: String,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&mut self) -> Option<char> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.rest().chars().next()
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += wanted.len_utf8())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match self.peek()? {
            '[' => self.list('[', ']', depth, false),
            '{' => self.list('{', '}', depth, true),
            '\'' | '"' | '`' => self.string(),
            'b' | 'u' if self.rest().get(1..2).is_some_and(|next| matches!(next, "'" | "\"")) => {
                self.at += 1;
                self.string()
            }
            _ => self.word(),
        }
    }

    fn list(&mut self, open: char, close: char, depth: usize, has_keys: bool) -> Option<()> {
        self.take(open)?;
        self.out.push(open);
        let mut is_first = true;
        while self.peek()? != close {
            if !is_first {
                self.take(',')?;
                // One comma may stand before the end.
                if self.peek()? == close {
                    break;
                }
                self.out.push(',');
            }
            is_first = false;
            if has_keys {
                self.key()?;
                self.take(':')?;
                self.out.push(':');
            }
            self.value(depth + 1)?;
        }
        self.take(close)?;
        self.out.push(close);
        Some(())
    }

    fn key(&mut self) -> Option<()> {
        if matches!(self.peek()?, '\'' | '"') {
            return self.string();
        }
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$')).filter(|end| *end > 0)?;
        let name = rest.get(..end)?.to_owned();
        self.write(&name);
        self.at += end;
        Some(())
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(&serde_json::Value::from(text).to_string());
    }

    fn string(&mut self) -> Option<()> {
        let quote = self.peek()?;
        self.at += 1;
        let mut text = String::new();
        let mut chars = self.text.get(self.at..)?.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += at + 1;
                    self.write(&text);
                    return Some(());
                }
                '\n' if quote != '`' => return None,
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'u' | 'x' => return None,
                    other => text.push(other),
                },
                c => text.push(c),
            }
        }
        None
    }

    /// A number, or a name for a value.
    fn word(&mut self) -> Option<()> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        let json = match word {
            "True" | "true" => "true",
            "False" | "false" => "false",
            "None" | "null" | "undefined" => "null",
            number if serde_json::from_str::<serde_json::Number>(number).is_ok() => number,
            _ => return None,
        };
        self.out.push_str(json);
        self.at += end;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::to_json;

    #[test]
    fn values_of_other_languages_become_json() {
        let json = |text| to_json(text).map(|(json, _)| json);
        let python = "[2, '1', \"It's\", {'a': None, 'b': True, 'c': [1.50, -2], 'd': 'say \\'\"\\' ',}] tail";
        assert_eq!(json(python).unwrap(), r#"[2,"1","It's",{"a":null,"b":true,"c":[1.50,-2],"d":"say '\"' "}]"#);
        assert_eq!(to_json(python).unwrap().1, python.len() - " tail".len());
        assert_eq!(
            json("[ 3, '1', { status: 'Accepted', n: undefined } ]").unwrap(),
            r#"[3,"1",{"status":"Accepted","n":null}]"#
        );
        for wrong in ["[2, '1'", "[2, '1\n']", "[Object]", "[2 '1']", &"[".repeat(100)] {
            assert_eq!(json(wrong), None, "{wrong}");
        }
    }
}
