use super::*;
use crate::station::AuthorizationStatus;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use proptest::prelude::*;

fn info(group: &str) -> Option<TokenInfo> {
    Some(TokenInfo {
        status: AuthorizationStatus::Accepted,
        expiry_ms: None,
        group: Some(IdToken::new(group)),
        evses: Vec::new(),
    })
}

fn change(token: &str, group: &str) -> Change {
    (IdToken::new(token), info(group))
}

fn ops(store: &mut StoreQueue) -> Vec<StoreOp> {
    core::iter::from_fn(|| store.poll()).map(|(_, op)| op).collect()
}

#[test]
fn refused_updates_change_nothing() {
    let (mut list, mut store) = (LocalList::default(), StoreQueue::default());
    assert!(list.replace(&mut store, 2, 4, vec![change("A", "x")]).is_ok());
    let before = ops(&mut store).len();
    let twice = vec![change("B", "x"), change("b", "y")];
    assert_eq!(list.update(&mut store, 2, 5, twice.clone()), Err(LocalListError::Twice));
    assert_eq!(list.replace(&mut store, 2, 5, twice), Err(LocalListError::Twice));
    assert_eq!(list.replace(&mut store, 2, 5, vec![(IdToken::new("A"), None)]), Err(LocalListError::Removal));
    assert_eq!(list.update(&mut store, 2, 4, vec![change("B", "x")]), Err(LocalListError::Version(4)));
    let long = vec![change("B", "x"), change("C", "x")];
    assert_eq!(list.update(&mut store, 2, 5, long), Err(LocalListError::TooLong(3)));
    assert!(list.update(&mut store, 2, 5, vec![change("B", "x"), (IdToken::new("a"), None)]).is_ok());
    assert_eq!((list.version(), before), (5, 2));
    assert!(list.get(&IdToken::new("A")).is_none() && list.get(&IdToken::new("b")).is_some());
}

#[test]
fn empty_list_has_version_zero() {
    let (mut list, mut store) = (LocalList::default(), StoreQueue::default());
    assert!(list.replace(&mut store, 9, 7, vec![change("A", "x")]).is_ok());
    assert_eq!(list.version(), 7);
    assert!(list.update(&mut store, 9, 8, vec![(IdToken::new("A"), None)]).is_ok());
    assert_eq!(list.version(), 0);
    assert!(list.update(&mut store, 9, 1, vec![change("A", "x")]).is_ok());
    assert_eq!(list.version(), 1);
}

#[test]
fn list_with_an_unreadable_part_counts_as_none() {
    let (mut list, mut store, mut image) = (LocalList::default(), StoreQueue::default(), Image::default());
    let tokens = (0..60).map(|n| change(&format!("T{n}"), "x")).collect();
    assert!(list.replace(&mut store, 99, 3, tokens).is_ok());
    ops(&mut store).iter().for_each(|op| image.apply(op));
    image.entries.insert(part_key(1, 1), vec![1, 2, 3]);
    let (list, skipped) = LocalList::restore(&image, &mut store);
    assert_eq!((list.version(), skipped.len()), (0, 1));
    assert!(list.get(&IdToken::new("T0")).is_none(), "no half of a list");
}

/// An update of the model: full or not, and the tokens with their groups, or none to remove them.
fn update() -> impl Strategy<Value = (bool, Vec<(u8, Option<u8>)>)> {
    (prop::bool::weighted(0.2), prop::collection::vec((0u8..60, prop::option::of(0u8..4)), 0..70))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each prefix of the operations restores to the list before an update or after it, and to nothing in between; the
    /// parts do not pile up.
    #[test]
    fn every_crash_leaves_the_list_before_or_after(updates in prop::collection::vec(update(), 1..8)) {
        let (mut list, mut store, mut image) = (LocalList::default(), StoreQueue::default(), Image::default());
        let mut model = BTreeMap::new();
        for (version, (is_full, mut changes)) in (1..).zip(updates) {
            changes.sort_unstable();
            changes.dedup_by_key(|(token, _)| *token);
            let before = (list.version(), model.clone());
            if is_full {
                changes.retain(|(_, group)| group.is_some());
                model.clear();
            }
            for (token, group) in &changes {
                match group {
                    Some(group) => model.insert(format!("t{token}"), format!("g{group}")),
                    None => model.remove(&format!("t{token}")),
                };
            }
            let changes = changes
                .into_iter()
                .map(|(token, group)| {
                    (IdToken::new(&format!("T{token}")), group.and_then(|group| info(&format!("g{group}"))))
                })
                .collect();
            let ticket = if is_full {
                list.replace(&mut store, 99, version, changes)
            } else {
                list.update(&mut store, 99, version, changes)
            };
            let committed = ticket.unwrap();
            let after = (if model.is_empty() { 0 } else { version }, model.clone());
            let handed: Vec<_> = core::iter::from_fn(|| store.poll()).collect();
            store.stored(handed.last().unwrap().0);
            for (ticket, op) in handed {
                image.apply(&op);
                let mut cleaning = StoreQueue::default();
                let (restored, skipped) = LocalList::restore(&image, &mut cleaning);
                prop_assert!(skipped.is_empty());
                let groups = restored.tokens.iter().map(|(token, info)| {
                    (token.as_str().into(), info.group.as_ref().unwrap().as_str().into())
                });
                let found = (restored.version(), groups.collect::<BTreeMap<_, _>>());
                prop_assert_eq!(&found, if ticket < committed { &before } else { &after });
                let mut clean = image.clone();
                ops(&mut cleaning).iter().for_each(|op| clean.apply(op));
                let parts = clean.entries.keys().filter(|key| key.as_str().starts_with(PREFIX)).count();
                prop_assert_eq!(parts, usize::try_from(restored.head.parts).unwrap());
                let (_, again) = (LocalList::restore(&clean, &mut cleaning), ops(&mut cleaning));
                prop_assert!(again.is_empty(), "restored twice, it still writes");
            }
            prop_assert!(list.changes <= 2 * model.len() + 70 + PART, "{} changes for {}", list.changes, model.len());
        }
    }
}

/// A list of 2.x, of which a host that names no types makes use too.
#[test]
fn type_of_a_token_counts_where_both_are_said() {
    let (mut list, mut store) = (LocalList::default(), StoreQueue::default());
    let card = |text: &str| IdToken::new(text).with_kind("ISO14443");
    let code = |text: &str| IdToken::new(text).with_kind("KeyCode");
    let said = |status| Some(TokenInfo { status, expiry_ms: None, group: None, evses: Vec::new() });
    let changes =
        vec![(card("12"), said(AuthorizationStatus::Accepted)), (code("12"), said(AuthorizationStatus::Blocked))];
    list.replace(&mut store, 9, 1, changes).unwrap();
    let status = |token: &IdToken| list.get(token).map(|info| info.status);
    assert_eq!(status(&card("12")), Some(AuthorizationStatus::Accepted));
    assert_eq!(status(&code("12")), Some(AuthorizationStatus::Blocked));
    assert!(status(&IdToken::new("12")).is_some());
    assert_eq!(status(&IdToken::new("12").with_kind("VIN")), None);
    assert_eq!((status(&IdToken::new("1")), status(&card("123"))), (None, None));
}

#[cfg(feature = "serde")]
#[test]
fn records_have_the_bytes_of_postcard() {
    use crate::store::pack::agrees_with_postcard;
    agrees_with_postcard::<Head>();
    agrees_with_postcard::<Part>();
}
