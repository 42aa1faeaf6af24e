//! One seed decides everything that is drawn: children are derived by name, so that a new one moves none of the others.

/// A source of seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed for the `n`th thing of this name.
    #[must_use]
    pub fn child(self, name: &str, n: u64) -> Seed {
        let named = name.bytes().fold(mix(self.0), |state, byte| mix(state ^ u64::from(byte)));
        Seed(mix(named ^ n))
    }
}

/// The finaliser of SplitMix64: each bit of the input moves half of the output's.
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn children_differ_by_seed_name_and_number() {
        let mut seen = BTreeSet::new();
        for seed in 0..20 {
            for name in ["", "a", "b", "ab", "ba", "station"] {
                for n in 0..20 {
                    assert!(seen.insert(Seed(seed).child(name, n).0), "{seed} {name} {n}");
                    assert_eq!(Seed(seed).child(name, n), Seed(seed).child(name, n));
                }
            }
        }
    }
}
