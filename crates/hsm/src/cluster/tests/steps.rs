//! One behaviour at a time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::api::attributes::Change;
use crate::api::error::HsmError;
use crate::api::ids::OperationId;
use crate::api::mechanism::CipherMechanism;
use crate::api::user::Role;
use crate::cluster::MemberState;
use crate::cluster::tests::model::Model;
use crate::cluster::tests::network::{Node, Way};
use crate::cluster::tests::world::{World, id, member, pair, password, template};

const GCM: CipherMechanism = CipherMechanism::AesGcm;

#[tokio::test(start_paused = true)]
async fn blank_hsms_get_what_the_first_one_has() {
    let world = World::new(3, 1).settled().await;
    world.assert_identical();
}

#[tokio::test(start_paused = true)]
async fn a_write_is_on_every_hsm_when_it_is_acknowledged() {
    let world = World::new(3, 2).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap();
    assert_eq!(world.copies(key.handle), 3);
    ann.set_attributes(key.handle, &[Change::Label("b".to_owned())]).await.unwrap();
    world.assert_identical();
    ann.delete_key(key.handle).await.unwrap();
    assert_eq!(world.copies(key.handle), 0);
}

#[tokio::test(start_paused = true)]
async fn reads_go_on_without_an_error_while_one_hsm_is_left() {
    for way in [Way::Dead, Way::Cut, Way::Slow] {
        let world = World::new(2, 3).settled().await;
        let ann = world.login("ann").await;
        let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
        let ciphertext = ann.encrypt(key, GCM, b"context", b"plain").await.unwrap();
        for lost in [0, 1] {
            world.set(lost, way);
            for _ in 0..10 {
                assert_eq!(&*ann.decrypt(key, GCM, b"context", &ciphertext).await.unwrap(), b"plain");
            }
            world.set(lost, Way::Good);
            world.settle().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_hsm_delays_one_call_and_is_left_out_then() {
    let world = World::new(2, 4).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
    world.set(0, Way::Cut);
    let begun = Instant::now();
    for number in 0..20 {
        ann.set_attributes(key, &[Change::Label(format!("{number}"))]).await.unwrap();
        ann.encrypt(key, GCM, b"", b"plain").await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(world.state(0), MemberState::Away);
    world.set(0, Way::Good);
    world.settle().await;
    world.assert_identical();
}

#[tokio::test(start_paused = true)]
async fn a_key_needs_two_hsms_unless_its_maker_says_otherwise() {
    let world = World::new(2, 5).settled().await;
    let ann = world.login("ann").await;
    world.set(1, Way::Dead);
    assert_eq!(ann.generate_key(&template("a"), 2).await.unwrap_err(), HsmError::TooFewHsms);
    let alone = ann.generate_key(&template("b"), 1).await.unwrap().handle;
    world.set(1, Way::Good);
    world.settle().await;
    assert_eq!(world.copies(alone), 2);
    world.assert_identical();
}

#[tokio::test(start_paused = true)]
async fn a_key_that_came_to_be_on_one_hsm_only_is_taken_back() {
    let world = World::new(2, 6).settled().await;
    let ann = world.login("ann").await;
    // Cut off but not known to be: the write finds out after it was done on the other one.
    world.set(1, Way::Cut);
    assert_eq!(ann.generate_key(&template("a"), 2).await.unwrap_err(), HsmError::TooFewHsms);
    world.set(1, Way::Good);
    world.settle().await;
    assert_eq!((world.keys(0), world.keys(1)), (vec![], vec![]));
    world.assert_identical();
}

/// Makes a pair while the HSM that makes it is lost and comes back so much later, the other one needing four seconds for its own.
async fn a_pair_is_there_once(back_after: Duration, seed: u64) {
    let world = World::new(2, seed).settled().await;
    let ann = world.login("ann").await;
    world.nodes.iter().for_each(|node| node.pairs_take(Duration::from_secs(4)));
    let pair = pair("a");
    let (made, ()) = tokio::join!(ann.generate_pair(&pair, 1), async {
        sleep(Duration::from_secs(1)).await;
        let maker =
            [0, 1].into_iter().find(|index| !world.keys(*index).is_empty()).expect("the pair is made");
        world.set(maker, Way::Dead);
        sleep(back_after).await;
        world.set(maker, Way::Good);
    });
    let (public, private) = made.unwrap();
    world.settle().await;
    let mut acknowledged = [public.handle, private.handle];
    acknowledged.sort();
    for index in [0, 1] {
        assert_eq!(world.keys(index), acknowledged, "HSM {index}, back after {back_after:?}");
    }
    world.assert_identical();
}

#[tokio::test(start_paused = true)]
async fn a_pair_whose_maker_is_lost_mid_answer_is_there_once() {
    // Back before the other one is asked, while that one makes its own, and after it has answered.
    for (back_after, seed) in [(0, 20), (1000, 21), (3000, 22), (8000, 23)] {
        a_pair_is_there_once(Duration::from_millis(back_after), seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_is_not_done_later() {
    let world = World::new(1, 24).settled().await;
    let hsm = world.nodes[0].client();
    let (ann, _) = hsm.login(&"ann".parse().unwrap(), &password("ann")).await.unwrap();
    let [done, not_done] = [1, 2].map(|number| OperationId([number; 16]));
    hsm.generate_pair(ann, done, &pair("a")).await.unwrap();
    assert_eq!(hsm.undo(done).await.unwrap().len(), 2);
    assert_eq!(hsm.undo(not_done).await.unwrap(), []);
    assert!(hsm.generate_key(ann, not_done, &template("b")).await.is_err());
    assert_eq!(world.keys(0), []);
}

#[tokio::test(start_paused = true)]
async fn an_hsm_that_comes_back_in_time_saves_the_key() {
    let world = World::new(2, 7).settled().await;
    let ann = world.login("ann").await;
    world.set(1, Way::Dead);
    let template = template("a");
    let (made, ()) = tokio::join!(ann.generate_key(&template, 2), async {
        sleep(Duration::from_millis(300)).await;
        world.set(1, Way::Good);
    });
    assert_eq!(world.copies(made.unwrap().handle), 2);
}

#[tokio::test(start_paused = true)]
async fn without_any_hsm_the_answer_is_no_active_hsm_and_all_comes_back() {
    let world = World::new(2, 8).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
    world.set(0, Way::Dead);
    world.set(1, Way::Dead);
    assert_eq!(ann.encrypt(key, GCM, b"", b"x").await.unwrap_err(), HsmError::NoActiveHsm);
    assert_eq!(ann.delete_key(key).await.unwrap_err(), HsmError::NoActiveHsm);
    world.set(0, Way::Good);
    world.set(1, Way::Good);
    ann.encrypt(key, GCM, b"", b"x").await.unwrap();
    world.settle().await;
    assert_eq!(world.copies(key), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stale_hsm_does_not_serve_before_it_has_seen_what_it_missed() {
    let world = World::new(2, 9).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
    world.set(1, Way::Dead);
    ann.delete_key(key).await.unwrap();
    world.set(0, Way::Dead);
    world.set(1, Way::Good);
    // The one that is there does not know of the deletion.
    assert_eq!(ann.encrypt(key, GCM, b"", b"x").await.unwrap_err(), HsmError::NoActiveHsm);
    world.set(0, Way::Good);
    world.settle().await;
    assert_eq!(ann.encrypt(key, GCM, b"", b"x").await.unwrap_err(), HsmError::NoSuchKey);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_acknowledged_does_not_win_over_what_was() {
    // Both ways round, since ties are broken by serial numbers.
    for (first, second) in [(0, 1), (1, 0)] {
        let world = World::new(2, 10).settled().await;
        let ann = world.login("ann").await;
        let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
        world.set(second, Way::Dead);
        sleep(Duration::from_secs(3)).await;
        // Done by the first, but its answer never comes.
        world.set(first, Way::Slow);
        let lost = ann.set_attributes(key, &[Change::Label("lost".to_owned())]).await;
        assert!(matches!(lost, Err(HsmError::Lost | HsmError::NoActiveHsm)), "{lost:?}");
        sleep(Duration::from_secs(30)).await;
        world.set(first, Way::Dead);
        world.set(second, Way::Good);
        ann.set_attributes(key, &[Change::Label("acknowledged".to_owned())]).await.unwrap();
        world.set(first, Way::Good);
        world.settle().await;
        for node in &world.nodes {
            assert_eq!(node.model.lock().unwrap().label(key).as_deref(), Some("acknowledged"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_logs_in_again_on_hsms_that_come_back() {
    let world = World::new(2, 11).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
    for index in [0, 1] {
        world.set(index, Way::Dead);
        world.set(index, Way::Good);
        ann.encrypt(key, GCM, b"", b"x").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_was_changed_meanwhile_is_tried_once() {
    let world = World::new(2, 12).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
    let admin = world.login("admin").await;
    let new = crate::api::password::Password::new("another-password").unwrap();
    admin.change_password(&"ann".parse().unwrap(), &new, &[]).await.unwrap();
    for index in [0, 1] {
        world.set(index, Way::Dead);
        world.set(index, Way::Good);
        sleep(Duration::from_secs(3)).await;
    }
    world.settle().await;
    for _ in 0..10 {
        let refused = ann.encrypt(key, GCM, b"", b"x").await.unwrap_err();
        assert!(matches!(refused, HsmError::WrongPassword { .. }), "{refused:?}");
    }
    world.cluster.login(&"ann".parse().unwrap(), &new).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn five_wrong_passwords_lock_the_user_everywhere_until_an_admin_changes_it() {
    let world = World::new(2, 13).settled().await;
    let (bob, wrong) = ("bob".parse().unwrap(), password("somebody"));
    for left in (0..5).rev() {
        let refused = world.cluster.login(&bob, &wrong).await.err().unwrap();
        assert_eq!(refused, HsmError::WrongPassword { left });
    }
    assert_eq!(world.cluster.login(&bob, &password("bob")).await.err().unwrap(), HsmError::UserLocked);
}

#[tokio::test(start_paused = true)]
async fn a_new_process_compares_all_hsms_before_one_serves() {
    let mut world = World::new(2, 14).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
    world.set(1, Way::Dead);
    ann.delete_key(key).await.unwrap();
    drop(ann);
    world.set(0, Way::Dead);
    world.set(1, Way::Good);
    world.begin_anew();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.cluster.active_count(), 0, "it waits for the other one");
    world.set(0, Way::Good);
    world.settle().await;
    world.assert_identical();
    assert_eq!(world.copies(key), 0);
}

#[tokio::test(start_paused = true)]
async fn an_hsm_that_was_made_later_joins() {
    let world = World::new(1, 15).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 1).await.unwrap().handle;
    let random = std::sync::Arc::new(keyward_base::SeededRandom::new(5));
    let second = Node::new(Model::blank(9), &random);
    world.cluster.admit(vec![member(1, &second)]);
    assert!(world.cluster.until_active(&id(1), Duration::from_secs(20)).await);
    assert!(second.model.lock().unwrap().label(key).is_some());
    world.cluster.dismiss(&id(0));
    ann.encrypt(key, GCM, b"", b"x").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_ends_well_when_its_caller_goes_away() {
    let world = World::new(2, 16).settled().await;
    let admin = world.login("admin").await;
    let (eve, password) = ("eve".parse().unwrap(), password("eve"));
    let gone = tokio::time::timeout(
        Duration::from_millis(3),
        admin.create_user(&eve, Role::CryptoUser, &password, &[]),
    );
    assert!(gone.await.is_err());
    sleep(Duration::from_secs(1)).await;
    world.assert_identical();
    assert!(world.nodes[1].model.lock().unwrap().password("eve").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_new_process_takes_no_key_of_an_earlier_one_for_an_unwanted_one() {
    for lost in [0, 1, 2] {
        let mut world = World::new(3, 17).settled().await;
        let ann = world.login("ann").await;
        let mut keys = Vec::new();
        // Whoever made them: each HSM makes some while it serves alone.
        for alone in [0, 1, 2] {
            for other in [0, 1, 2] {
                world.set(other, if other == alone { Way::Good } else { Way::Dead });
            }
            keys.push(ann.generate_key(&template("a"), 1).await.unwrap().handle);
            for other in [0, 1, 2] {
                world.set(other, Way::Good);
            }
            world.settle().await;
        }
        drop(ann);
        world.begin_anew();
        world.settle().await;
        let ann = world.login("ann").await;
        world.set(lost, Way::Cut);
        let made = ann.generate_key(&template("b"), 2).await.unwrap().handle;
        world.set(lost, Way::Good);
        world.settle().await;
        for key in keys.into_iter().chain([made]) {
            assert_eq!(world.copies(key), 3, "{key} with HSM {lost} lost");
        }
        world.assert_identical();
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_sees_a_key_that_nobody_was_given() {
    let world = World::new(3, 25).settled().await;
    let ann = world.login("ann").await;
    world.nodes.iter().for_each(|node| node.pairs_take(Duration::from_secs(4)));
    let pair = pair("a");
    let making = ann.generate_pair(&pair, 2);
    let watching = async {
        sleep(Duration::from_secs(1)).await;
        let maker = (0..3).find(|index| !world.keys(*index).is_empty()).expect("the pair is made");
        world.set(maker, Way::Dead);
        world.set(maker, Way::Good);
        // It comes back at once, and another HSM makes a pair for four seconds.
        sleep(Duration::from_secs(1)).await;
        assert!(world.cluster.until_active(&id(maker), Duration::from_secs(2)).await);
        assert_eq!(world.keys(maker), []);
    };
    let (made, ()) = tokio::join!(making, watching);
    let (public, private) = made.unwrap();
    for index in 0..3 {
        assert_eq!(world.copies(public.handle) + world.copies(private.handle), 6);
        assert_eq!(world.keys(index).len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_undone_meanwhile_is_done_again_before_it_is_acknowledged() {
    let world = World::new(3, 26).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("old"), 3).await.unwrap().handle;
    let hsms: Vec<_> = world.nodes.iter().map(|node| node.client()).collect();
    let operation = OperationId([9; 16]);
    let change = [Change::Label("new".to_owned())];
    let (session, _) = hsms[0].login(&"ann".parse().unwrap(), &password("ann")).await.unwrap();
    let lost = hsms[0].set_attributes(session, operation, key, &change).await.unwrap();
    // As for an HSM that comes back: the others write over what nobody was told of.
    let stamps: Vec<_> = lost.records.iter().map(|record| record.stamp.clone()).collect();
    let above = hsms[1].reaffirm(&stamps).await.unwrap();
    hsms[0].absorb(&above).await.unwrap();
    assert_eq!(world.nodes[0].model.lock().unwrap().label(key).as_deref(), Some("old"));
    let again = hsms[0].set_attributes(session, operation, key, &change).await.unwrap();
    assert!(again.records[0].stamp.supersedes(&above[0].stamp));
    assert_eq!(world.nodes[0].model.lock().unwrap().label(key).as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn an_hsm_that_came_back_takes_its_share_before_the_others_are_lost() {
    let world = World::new(2, 27).settled().await;
    let ann = world.login("ann").await;
    let key = ann.generate_key(&template("a"), 2).await.unwrap().handle;
    world.set(0, Way::Dead);
    ann.encrypt(key, GCM, b"", b"x").await.unwrap();
    world.set(0, Way::Good);
    world.settle().await;
    assert_eq!(world.nodes[0].model.lock().unwrap().logins(), 0);
    for _ in 0..3 {
        ann.encrypt(key, GCM, b"", b"x").await.unwrap();
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.nodes[0].model.lock().unwrap().logins(), 1, "once, in the background");
}
