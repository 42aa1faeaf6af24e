//! The language of the targets that drive a machine: one printable character is one thing that happens. So seeds can be
//! written and read by people, and nearly every mutation of one still means something.

/// What is left of a script.
pub(super) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Script(data)
    }

    /// The next character.
    pub fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The number that the next character means if it is a digit; 0 if it is none, and then it stays.
    pub fn digit(&mut self) -> usize {
        match self.0.split_first() {
            Some((digit @ b'0'..=b'9', rest)) => {
                self.0 = rest;
                usize::from(digit - b'0')
            }
            Some(_) | None => 0,
        }
    }

    /// Everything up to the end of the line.
    pub fn line(&mut self) -> &'a [u8] {
        let mut parts = self.0.splitn(2, |byte| *byte == b'\n');
        let line = parts.next().unwrap_or_default();
        self.0 = parts.next().unwrap_or_default();
        line
    }
}
