//! Rust names out of the names of the specification.

/// A field name in snake case: `chargingSchedulePeriod` becomes `charging_schedule_period`.
pub fn snake(name: &str) -> String {
    // These are one word each, whatever their letters say.
    let name = name
        .replace("SoC", "Soc")
        .replace("soC", "soc")
        .replace("soH", "soh")
        .replace("V2X", "V2x")
        .replace("EMAIDs", "Emaids");
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, &character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| characters.get(before));
        let after = characters.get(index + 1);
        let word_begins = character.is_ascii_uppercase()
            && (before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
                || (before.is_some_and(char::is_ascii_uppercase) && after.is_some_and(char::is_ascii_lowercase)));
        if word_begins {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// A field name as an identifier, raw where it is a keyword.
pub fn field(name: &str) -> String {
    let snake = snake(name);
    if matches!(snake.as_str(), "type" | "final" | "abstract") { format!("r#{snake}") } else { snake }
}

/// The variant of an enumeration for a text: `Energy.Active.Import` becomes `EnergyActiveImport`, `L1-N` becomes `L1N`.
pub fn variant(text: &str) -> String {
    let mut variant = String::new();
    for word in text.split(|character: char| !character.is_ascii_alphanumeric()) {
        let mut characters = word.chars();
        variant.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        variant.push_str(characters.as_str());
    }
    if variant.starts_with(|first: char| first.is_ascii_digit()) {
        variant.insert(0, 'V');
    }
    variant
}
