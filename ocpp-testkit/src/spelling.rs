//! The name that was meant.

/// The name nearest to a misspelt one, if one is near enough to be meant: at most a third of it is wrong.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    let near = known.into_iter().map(|known| (distance(name, known), known)).filter(|(distance, _)| *distance <= most);
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many letters must be added, left out or replaced, in any case.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (place, letter) in from.chars().map(|letter| letter.to_ascii_lowercase()).enumerate() {
        let mut left = place + 1;
        let mut next = vec![left];
        for ((above, diagonal), other) in row.iter().skip(1).zip(&row).zip(&to) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(letter != *other));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name_is_the_one_meant_or_none() {
        let known = ["HeartbeatInterval", "MeterValueSampleInterval", "evses"];
        assert_eq!(nearest("HeartbeatIntervall", known), Some("HeartbeatInterval"));
        assert_eq!(nearest("heartBeatInterval", known), Some("HeartbeatInterval"));
        assert_eq!(nearest("MeterValuesSampleInterval", known), Some("MeterValueSampleInterval"));
        assert_eq!(nearest("evse", known), Some("evses"));
        assert_eq!(nearest("FanSpeed", known), None);
        assert_eq!(nearest("", known), None);
    }
}
