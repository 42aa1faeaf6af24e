//! Logs as tables: the first line names the columns.

use super::frames;
use super::objects::Piece;
use super::sighting::Sighting;

/// The frames of a table; none if it is no table, or has no column of frames.
pub(super) fn read(text: &str) -> Option<Vec<Sighting>> {
    let head = text.lines().next()?;
    let mark = [',', ';', '\t', '|'].into_iter().max_by_key(|mark| head.matches(*mark).count())?;
    let names: Vec<String> = record(head, mark).0;
    let is_name = |name: &String| {
        let letters = name.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'));
        letters && !name.trim().is_empty()
    };
    if names.len() < 2 || !names.iter().all(is_name) || frames::find(head, 0).is_some() {
        return None;
    }
    let mut sightings = Vec::new();
    let mut at = head.len() + 1;
    let mut line = 2;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (fields, length) = record(rest, mark);
        let found = fields.iter().enumerate().find_map(|(place, field)| Some((place, frames::find(field, 0)?)));
        if let Some((place, found)) = found {
            let members = names.iter().zip(&fields).enumerate().filter(|(other, _)| *other != place);
            let members = members.map(|(_, (name, value))| (name.trim().to_owned(), value.trim().to_owned())).collect();
            let before = fields.get(place).and_then(|field| field.get(..found.start)).unwrap_or_default().to_owned();
            let piece = Piece { at: 0, frame: found.frame, is_cut: found.is_cut, before, members };
            sightings.push(Sighting::of(line, "", piece));
        }
        line += u64::try_from(rest.get(..length).unwrap_or_default().matches('\n').count()).unwrap_or_default();
        at += length;
    }
    (!sightings.is_empty()).then_some(sightings)
}

/// The fields of the first record, and its length with its end.
fn record(text: &str, mark: char) -> (Vec<String>, usize) {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut depth = 0_i32;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let Some(field) = fields.last_mut() else { break };
        match c {
            '"' if is_quoted && chars.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
            '"' if is_quoted => is_quoted = false,
            '"' if field.trim().is_empty() => is_quoted = true,
            '\n' if !is_quoted => return (fields, at + 1),
            '\r' if !is_quoted => {}
            c if c == mark && !is_quoted && depth <= 0 => fields.push(String::new()),
            c => {
                // A frame that is not quoted has commas of its own.
                match c {
                    '[' | '{' if !is_quoted => depth += 1,
                    ']' | '}' if !is_quoted => depth -= 1,
                    _ => {}
                }
                field.push(c);
            }
        }
    }
    (fields, text.len())
}
