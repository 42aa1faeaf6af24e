use alloc::vec;

use super::*;
use crate::fixture::{at, profile, transaction};

fn store(profiles: impl IntoIterator<Item = InstalledProfile>) -> ProfileStore {
    ProfileStore::restore(profiles)
}

fn ids(store: &ProfileStore) -> Vec<i32> {
    store.profiles().iter().map(|installed| installed.profile.id.0).collect()
}

fn levelled(id: i32, evse: u32, purpose: Purpose, stack_level: u32) -> InstalledProfile {
    let mut installed = profile(id, evse, purpose, 10_000);
    installed.profile.stack_level = stack_level;
    installed
}

#[test]
fn same_id_is_replaced_wherever_it_was() {
    for edition in [Edition::V1_6, Edition::V2_0_1, Edition::V2_1] {
        let mut store = store([profile(1, 1, Purpose::TxDefault, 10_000), profile(2, 2, Purpose::TxDefault, 10_000)]);
        let changes = store.install(profile(1, 0, Purpose::StationMax, 16_000), edition, at(0));
        assert_eq!(changes, [StoreChange::Put(ProfileId(1))]);
        assert_eq!(store.get(ProfileId(1)).unwrap().evse, EvseId::STATION);
        assert_eq!(ids(&store), [1, 2]);
    }
}

#[test]
fn same_purpose_level_and_place_is_replaced_in_1_6() {
    let before = [
        levelled(1, 1, Purpose::TxDefault, 3),
        levelled(2, 2, Purpose::TxDefault, 3),
        levelled(3, 1, Purpose::TxDefault, 4),
        levelled(4, 0, Purpose::TxDefault, 3),
    ];
    let mut of_1_6 = store(before.clone());
    let changes = of_1_6.install(levelled(9, 1, Purpose::TxDefault, 3), Edition::V1_6, at(0));
    assert_eq!(changes, [StoreChange::Remove(ProfileId(1)), StoreChange::Put(ProfileId(9))]);
    assert_eq!(ids(&of_1_6), [2, 3, 4, 9]);
    let mut of_2_1 = store(before);
    of_2_1.install(levelled(9, 1, Purpose::TxDefault, 3), Edition::V2_1, at(0));
    assert_eq!(ids(&of_2_1), [1, 2, 3, 4, 9]);
}

#[test]
fn clear_matches_all_given_fields_and_spares_what_others_set() {
    let all = || {
        store([
            levelled(1, 0, Purpose::StationMax, 0),
            levelled(2, 1, Purpose::TxDefault, 0),
            levelled(3, 1, Purpose::TxDefault, 1),
            levelled(4, 2, Purpose::TxDefault, 1),
            levelled(5, 0, Purpose::ExternalConstraints, 1),
            levelled(6, 0, Purpose::LocalGeneration, 1),
        ])
    };
    let cleared = |filter: ClearFilter, edition| {
        let mut store = all();
        let changes = store.clear(&filter, edition);
        assert_eq!(changes.len() + store.profiles().len(), 6);
        changes
    };
    let removed = |ids: &[i32]| ids.iter().map(|id| StoreChange::Remove(ProfileId(*id))).collect::<Vec<_>>();
    let filter = ClearFilter { evse: Some(EvseId(1)), stack_level: Some(1), ..ClearFilter::default() };
    assert_eq!(cleared(filter, Edition::V2_1), removed(&[3]));
    let filter = ClearFilter { purpose: Some(Purpose::TxDefault), ..ClearFilter::default() };
    assert_eq!(cleared(filter, Edition::V1_6), removed(&[2, 3, 4]));
    assert_eq!(cleared(ClearFilter::default(), Edition::V1_6), removed(&[1, 2, 3, 4]));
    let by_id = |id| ClearFilter { id: Some(ProfileId(id)), evse: Some(EvseId(2)), ..ClearFilter::default() };
    assert_eq!(cleared(by_id(2), Edition::V2_0_1), removed(&[2]));
    assert_eq!(cleared(by_id(2), Edition::V1_6), []);
    assert_eq!(cleared(by_id(5), Edition::V2_1), []);
    assert_eq!(cleared(by_id(6), Edition::V2_1), []);
}

#[test]
fn report_groups_by_evse_and_source() {
    let mut external = profile(-1, 0, Purpose::ExternalConstraints, 10_000);
    external.source = LimitSource::Ems;
    let store = store([
        external,
        profile(1, 0, Purpose::StationMax, 10_000),
        profile(2, 0, Purpose::TxDefault, 10_000),
        profile(3, 1, Purpose::TxDefault, 10_000),
    ]);
    let reported = |filter: ReportFilter| -> Vec<(u32, LimitSource, Vec<i32>)> {
        let report = store.report(&filter).into_iter();
        report.map(|((evse, source), list)| (evse.0, source, list.iter().map(|p| p.profile.id.0).collect())).collect()
    };
    assert_eq!(
        reported(ReportFilter::default()),
        [(0, LimitSource::Cso, vec![1, 2]), (0, LimitSource::Ems, vec![-1]), (1, LimitSource::Cso, vec![3])]
    );
    let on_station =
        ReportFilter { evse: Some(EvseId::STATION), sources: vec![LimitSource::Cso], ..Default::default() };
    assert_eq!(reported(on_station), [(0, LimitSource::Cso, vec![1, 2])]);
    let by_id = ReportFilter { ids: vec![ProfileId(3), ProfileId(8)], ..Default::default() };
    assert_eq!(reported(by_id), [(1, LimitSource::Cso, vec![3])]);
    assert!(reported(ReportFilter { stack_level: Some(1), ..Default::default() }).is_empty());
}

#[test]
fn profile_of_a_remote_start_becomes_the_transactions_and_ends_with_it() {
    let mut remote = profile(1, 1, Purpose::Tx, 10_000);
    remote.profile.transaction_id = None;
    let mut store = store([remote, profile(2, 1, Purpose::TxDefault, 16_000)]);
    assert_eq!(store.identify_transaction(EvseId(1), "42"), [StoreChange::Put(ProfileId(1))]);
    assert_eq!(store.get(ProfileId(1)).unwrap().profile.transaction_id.as_deref(), Some("42"));
    assert_eq!(store.identify_transaction(EvseId(1), "43"), []);
    let mut same_level = profile(3, 1, Purpose::Tx, 6_000);
    same_level.profile.transaction_id = Some("42".into());
    let changes = store.install(same_level, Edition::V1_6, at(0));
    assert_eq!(changes, [StoreChange::Remove(ProfileId(1)), StoreChange::Put(ProfileId(3))]);
    assert_eq!(store.end_transaction(EvseId(2)), []);
    assert_eq!(store.end_transaction(EvseId(1)), [StoreChange::Remove(ProfileId(3))]);
    assert_eq!(ids(&store), [2]);
}

#[test]
fn reboot_keeps_the_defaults_of_every_evse_and_drops_only_ended_transactions() {
    let mut store = store([
        profile(1, 1, Purpose::TxDefault, 10_000),
        profile(2, 2, Purpose::TxDefault, 10_000),
        profile(3, 3, Purpose::TxDefault, 10_000),
        profile(4, 0, Purpose::StationMax, 10_000),
        profile(5, 1, Purpose::Tx, 10_000),
        profile(6, 2, Purpose::Tx, 10_000),
    ]);
    assert_eq!(store.resume(&[transaction(2)]), [StoreChange::Remove(ProfileId(5))]);
    assert_eq!(ids(&store), [1, 2, 3, 4, 6]);
}

#[test]
fn records_restore_the_store_from_any_prefix() {
    let mut live = ProfileStore::default();
    let mut records: BTreeMap<ProfileId, InstalledProfile> = BTreeMap::new();
    let installs = [(1, 1, 0), (2, 1, 1), (3, 1, 0), (2, 2, 5), (1, 0, 3)];
    for (id, evse, level) in installs {
        for change in live.install(levelled(id, evse, Purpose::TxDefault, level), Edition::V1_6, at(0)) {
            match change {
                StoreChange::Put(id) => {
                    records.insert(id, live.get(id).unwrap().clone());
                }
                StoreChange::Remove(id) => {
                    records.remove(&id);
                }
            }
        }
        assert_eq!(ProfileStore::restore(records.values().cloned()), live);
    }
    assert_eq!(ids(&live), [1, 2, 3]);
}

#[cfg(feature = "serde")]
#[test]
fn profiles_survive_being_written_down() {
    let mut installed = profile(1, 1, Purpose::Tx, 10_000);
    installed.profile.valid_from = Some(at(1) + TimeDelta::milliseconds(5));
    installed.profile.schedules[0].periods[0].extra = Some(Default::default());
    let text = serde_json::to_string(&installed).unwrap();
    assert_eq!(serde_json::from_str::<InstalledProfile>(&text).unwrap(), installed);
}

#[test]
fn expired_profiles_are_removed_at_their_end() {
    let mut ending = profile(1, 1, Purpose::TxDefault, 10_000);
    ending.profile.valid_to = Some(at(60));
    let mut store = store([ending, profile(2, 1, Purpose::TxDefault, 10_000)]);
    assert_eq!(store.remove_expired(at(59)), []);
    assert_eq!(store.remove_expired(at(60)), [StoreChange::Remove(ProfileId(1))]);
    assert_eq!(ids(&store), [2]);
}

#[test]
fn long_offline_time_removes_only_profiles_that_stay_invalid() {
    let with_offline = |id, invalid_after_offline| {
        let mut installed = profile(id, 1, Purpose::TxDefault, 10_000);
        installed.profile.max_offline_seconds = Some(600);
        installed.profile.invalid_after_offline = invalid_after_offline;
        installed
    };
    let mut store = store([with_offline(1, false), with_offline(2, true)]);
    assert_eq!(store.reconnect(at(0), at(600)), []);
    assert_eq!(store.reconnect(at(0), at(601)), [StoreChange::Remove(ProfileId(2))]);
}

#[test]
fn dynamic_update_changes_values_and_time() {
    let mut dynamic = profile(1, 1, Purpose::TxDefault, 10_000);
    dynamic.profile.kind = Kind::Dynamic;
    dynamic.profile.dyn_update_interval_seconds = Some(60);
    let mut store = ProfileStore::default();
    store.install(dynamic, Edition::V2_1, at(5));
    assert_eq!(store.dynamic_pulls().collect::<Vec<_>>(), [(ProfileId(1), at(65))]);
    let rate = |milli| PhaseRates { l1_milli: Some(milli), ..PhaseRates::default() };
    let update = DynamicUpdate { limit: rate(6_000), ..DynamicUpdate::default() };
    assert_eq!(store.update_dynamic(ProfileId(1), &update, at(30)), Ok(StoreChange::Put(ProfileId(1))));
    let period = |store: &ProfileStore| store.get(ProfileId(1)).unwrap().profile.schedules[0].periods[0].clone();
    assert_eq!(period(&store).limit_milli, Some(6_000));
    assert_eq!(period(&store).extra, None);
    let update = DynamicUpdate { setpoint: rate(-1_000), ..DynamicUpdate::default() };
    store.update_dynamic(ProfileId(1), &update, at(40)).unwrap();
    assert_eq!(period(&store).limit_milli, Some(6_000));
    assert_eq!(period(&store).extra.unwrap().setpoint, rate(-1_000));
    assert_eq!(store.dynamic_pulls().collect::<Vec<_>>(), [(ProfileId(1), at(100))]);
}

#[test]
fn dynamic_update_of_other_profiles_is_refused() {
    let mut store = store([profile(1, 1, Purpose::TxDefault, 10_000)]);
    let update = DynamicUpdate::default();
    let refused = store.update_dynamic(ProfileId(1), &update, at(0));
    assert_eq!(refused, Err(UpdateError::NotDynamic(ProfileId(1))));
    let refused = store.update_dynamic(ProfileId(2), &update, at(0));
    assert_eq!(refused, Err(UpdateError::Unknown(ProfileId(2))));
}

#[test]
fn persistence_follows_purpose_and_edition() {
    let least = Persistence::default();
    let kept = |edition| {
        use Purpose::*;
        [StationMax, TxDefault, Priority, Tx, ExternalConstraints, LocalGeneration]
            .map(|purpose| least.keeps(purpose, edition))
    };
    assert_eq!(kept(Edition::V1_6), [true, true, true, true, false, false]);
    assert_eq!(kept(Edition::V2_1), [true, true, true, false, false, false]);
    assert!(Persistence { tx: true, ..least }.keeps(Purpose::Tx, Edition::V2_1));
}
