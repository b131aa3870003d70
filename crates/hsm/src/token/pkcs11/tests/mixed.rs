//! What the suite does with two tokens, once more with tokens that are SoftHSM's and our software's in turn: masked keys, sealed records and exported
//! masking keys are the same for both.

use std::cell::Cell;

use super::softhsm;
use crate::token::conformance::Maker;
use crate::token::software::SoftwareToken;

fn softhsm_first(test: &str, body: fn(Maker<'_>)) {
    in_turn(test, body, true);
}

fn software_first(test: &str, body: fn(Maker<'_>)) {
    in_turn(test, body, false);
}

fn in_turn(test: &str, body: fn(Maker<'_>), begin: bool) {
    softhsm::in_own_process(test, |_| {
        let (next, made) = (Cell::new(begin), Cell::new(0));
        body(&|| {
            made.set(made.get() + 1);
            if next.replace(!next.get()) {
                Box::new(softhsm::token(&format!("token {}", made.get())))
            } else {
                Box::new(SoftwareToken::ephemeral())
            }
        });
    });
}

mod from_softhsm_to_software {
    crate::token::conformance::conformance!(super::softhsm_first =>
        a_masking_key_is_never_replaced
        a_masking_key_goes_from_token_to_token_and_may_come_twice
        what_one_token_seals_another_opens_and_nothing_changed_does
        a_key_encrypts_on_one_token_and_decrypts_on_another
        a_masked_key_of_another_cluster_is_refused
        a_pair_signs_on_one_token_and_verifies_on_another
        a_mac_verifies_and_a_changed_one_does_not
    );
}

mod from_software_to_softhsm {
    crate::token::conformance::conformance!(super::software_first =>
        a_masking_key_is_never_replaced
        a_masking_key_goes_from_token_to_token_and_may_come_twice
        what_one_token_seals_another_opens_and_nothing_changed_does
        a_key_encrypts_on_one_token_and_decrypts_on_another
        a_masked_key_of_another_cluster_is_refused
        a_pair_signs_on_one_token_and_verifies_on_another
        a_mac_verifies_and_a_changed_one_does_not
    );
}
