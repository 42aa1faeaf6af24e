//! Network connection profiles (B09, B10), and the security profile that comes with one (A05).

use crate::conformance::Case;
use crate::conformance::v2::unwritten;

const NO_PROFILES: &str = "the station has no network connection profiles yet";
const ROOTS: &str = "needs network connection profiles and servers of two roots; the station has no such profiles yet";

pub(super) const CASES: &[Case] = &[
    unwritten("TC_A_19_CS", "Raise the security profile", "A05.FR.04 to A05.FR.06", NO_PROFILES),
    unwritten("TC_A_20_CS", "Raise it without a root certificate", "A05.FR.02", NO_PROFILES),
    unwritten("TC_A_21_CS", "Raise it without a certificate of the station", "A05.FR.03", NO_PROFILES),
    unwritten("TC_A_22_CS", "The security profile cannot be lowered", "B09.FR.04", NO_PROFILES),
    unwritten("TC_B_43_CS", "A slot that is not there is refused", "B09.FR.02", NO_PROFILES),
    unwritten("TC_B_45_CS", "Go over to another profile", "B09.FR.01, B10.FR.01, B10.FR.04, B10.FR.06", NO_PROFILES),
    unwritten("TC_B_46_CS", "Fall back to the profile before", "B10.FR.03, B10.FR.04", NO_PROFILES),
    unwritten("TC_B_47_CS", "Fall back from a new root", "B10.FR.07, M05.FR.15, M05.FR.16", ROOTS),
    unwritten("TC_B_49_CS", "Fall back after all attempts", "B10.FR.07", NO_PROFILES),
    unwritten("TC_B_50_CS", "Go over to a CSMS with a new root", "M05.FR.13", ROOTS),
];
