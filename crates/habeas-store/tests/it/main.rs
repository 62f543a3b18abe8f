//! What must a store do, whatever database it is on?
//!
//! Each topic is a module of plain functions over `dyn Store`; [`suite`] runs all of them on one backend. A new
//! backend is one more line at the end of it. What only a file can show is in [`sqlite_file`].
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the lints' exception for tests does not reach the functions that tests share"
)]

mod backend;
mod backing_up;
mod changes;
mod concurrency;
mod creating;
mod failover;
mod fixtures;
mod handing_on;
mod lanes;
mod leases;
mod leg_leases;
mod legs;
mod listing;
mod migrating;
mod moving;
mod persons;
mod postgres;
mod receiving;
mod shredding;
mod sqlite_file;
mod turns;
mod watching;
mod written_before;

macro_rules! suite {
    (@ $open:path, $topic:ident: $($test:ident)*) => {
        mod $topic {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let backend = $open().await;
                    crate::$topic::$test(backend.store()).await;
                }
            )*
        }
    };
    ($name:ident, $open:path) => {
        mod $name {
            suite!(@ $open, receiving:
                a_request_is_read_back_as_it_was_saved
                a_replay_finds_the_first_request_and_its_signatures
                other_bytes_under_the_same_id_are_told_apart
                a_deduplication_key_finds_the_request_whatever_its_id
                a_party_does_not_see_the_ids_of_another
                an_organisation_does_not_see_the_ids_of_another
                an_unknown_organisation_has_no_key
            );
            suite!(@ $open, concurrency:
                of_many_identical_requests_one_is_accepted
                a_cancel_and_a_start_at_once_cannot_both_win
                a_failing_write_takes_no_other_with_it
                each_settlement_of_many_counts_once_and_for_its_own_delivery
            );
            suite!(@ $open, changes:
                a_change_is_saved_with_its_event_and_signature
                a_cancellation_dates_from_when_it_was_asked_for
                a_change_decided_on_an_older_state_is_refused
                every_event_keeps_its_own_standing
                the_first_signature_over_the_same_bytes_is_kept
                errands_come_when_they_are_due
                the_next_thing_due_is_the_earliest_of_all
            );
            suite!(@ $open, lanes:
                a_lane_is_told_in_order_and_one_at_a_time
                a_callback_tells_the_event_as_it_was_then
                a_newer_status_replaces_those_not_in_flight
                what_was_replaced_in_flight_is_not_tried_again
                a_receiver_that_is_gone_gets_nothing_more_in_its_lane
                what_happens_after_a_receiver_said_410_waits_for_the_operator
                what_was_given_up_goes_first_when_retried_but_never_beside_one_in_flight
                one_notice_is_enough
                what_waits_behind_a_failing_delivery_is_not_due
            );
            suite!(@ $open, leases:
                a_delivery_is_leased_once
                busy_hosts_get_nothing
                no_host_gets_more_than_it_has_slots_for
                a_lease_that_ran_out_passes_on_and_the_late_settlement_is_refused
                leases_are_taken_back_when_a_node_starts
                an_untried_lease_counts_no_attempt
                attempts_are_counted_and_the_last_is_shown
                all_that_fails_can_be_retried_at_once
                of_many_that_fail_some_are_retried_at_once_and_none_is_left_out
                a_delivered_one_is_never_retried
            );
            suite!(@ $open, legs:
                a_request_of_ours_is_saved_with_its_legs
                a_leg_is_found_by_its_token_only_in_its_organisation
                a_message_frozen_twice_keeps_its_first_bytes
                what_is_frozen_can_be_read_until_it_is_answered
                what_is_frozen_is_shredded
                a_message_is_frozen_only_under_the_present_lease
                who_froze_a_leg_saves_it_with_the_revision_it_leased
                who_decided_beside_another_leg_decides_anew
                who_decided_before_the_leg_was_frozen_decides_anew
                a_leg_and_its_request_are_saved_together_or_not_at_all
                every_state_of_a_leg_is_read_back
                a_receipt_is_read_back_as_it_was_signed
                a_receipt_may_be_signed_by_another_than_the_party
                a_leg_alerts_once_for_each_thing_that_goes_wrong
            );
            suite!(@ $open, leg_leases:
                a_leg_is_leased_once
                legs_of_a_busy_host_let_others_pass
                no_host_gets_more_legs_than_it_has_slots_for
                a_leg_given_back_untried_is_as_before_but_due_then
                only_who_has_the_lease_can_give_it_back
                what_ended_while_it_was_leased_is_not_due_again
            );
            suite!(@ $open, creating:
                a_reference_makes_a_request_only_once
                without_a_reference_every_request_is_new
                a_reference_is_the_organisations_own
                a_request_of_ours_is_found_by_its_reference
                a_reference_outlives_shredding
                of_many_with_one_reference_one_is_made
            );
            suite!(@ $open, handing_on:
                a_request_that_came_to_us_is_saved_with_its_legs
                a_replay_brings_no_legs
                a_request_and_its_legs_are_saved_together_or_not_at_all
                leases_of_legs_that_are_handed_on_are_taken_back
                shredding_waives_what_was_not_handed_on_yet
            );
            suite!(@ $open, persons:
                the_same_bytes_are_the_same_request_while_it_is_open_and_young
                a_request_is_found_by_its_bytes_when_they_can_no_longer_be_read
                a_key_means_its_request_for_as_long_as_that_is_remembered
                what_is_revoked_is_taken_back_in_the_same_breath
                a_token_is_good_for_one_sender_and_one_organisation
                a_person_who_asks_again_is_recognized_until_the_request_is_shredded
                a_code_is_known_by_its_request_and_counted
                who_is_asked_anew_begins_anew_and_shredding_ends_it
                legs_wait_until_they_are_released_by_stage
                a_leg_that_was_tried_is_neither_held_nor_given_up
            );
            suite!(@ $open, watching:
                a_party_is_late_past_its_own_date_or_else_past_the_promise
                whoever_is_still_expected_to_answer_can_be_late_and_nobody_else
                a_late_party_is_noted_once_and_its_request_alerts_once
                without_a_host_nobody_is_alerted
                a_party_that_gives_another_date_is_late_anew
                a_leg_that_is_being_worked_on_can_be_noted
                nobody_waits_for_the_parties_of_a_request_that_is_final
                a_leg_with_trouble_is_stuck_when_nothing_is_due
                legs_are_listed_by_their_dates
                legs_are_filtered
                an_alert_is_counted_listed_and_tried_again_like_the_rest
            );
            suite!(@ $open, listing:
                open_requests_come_first_by_deadline_then_the_others_by_age
                requests_are_filtered
                deliveries_are_filtered
                counts_follow_every_change
            );
            suite!(@ $open, shredding:
                nothing_personal_is_left_and_nothing_is_stuck
                a_shredded_request_still_answers_replays
                a_shredded_request_cannot_be_filled_again
                a_leg_held_while_its_request_is_shredded_cannot_be_saved
                only_what_is_due_is_shredded
            );
        }
    };
}

suite!(on_sqlite, crate::backend::sqlite);
suite!(in_memory, crate::backend::memory);
suite!(on_postgres, crate::backend::postgres);
suite!(behind_pgbouncer, crate::backend::pgbouncer);
