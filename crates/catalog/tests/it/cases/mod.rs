//! The suite. Each case is written once and runs on both databases.

mod asked_work_items;
mod connections;
mod leases;
mod listing;
mod objects;
mod orgs;
mod records;
mod runs;
mod team;
mod work_items;

use crate::postgres::PostgresServer;
use crate::stand::Stand;

macro_rules! on_both_databases {
    ($($module:ident::$case:ident,)*) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    super::$module::$case(super::Stand::sqlite()).await;
                }
            )*
        }

        /// One test, because starting a server costs more than all of the cases.
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn all_cases_on_postgresql() {
            let server = PostgresServer::start();
            $({
                let name = stringify!($case);
                let case = tokio::spawn($module::$case(Stand::at(server.database(name))));
                case.await.unwrap_or_else(|error| panic!("`{name}` failed on PostgreSQL: {error}"));
            })*
        }
    };
}

on_both_databases! {
    orgs::an_org_is_found_by_its_name_and_keeps_its_settings,
    orgs::a_second_org_of_the_same_name_or_id_is_refused,
    orgs::removing_an_org_removes_all_that_belongs_to_it,
    orgs::what_a_transaction_did_is_gone_if_it_is_dropped,
    connections::credentials_are_read_back_and_never_lie_open_in_the_database,
    connections::another_key_cannot_open_credentials,
    connections::credentials_moved_to_another_org_do_not_open,
    connections::a_connection_that_needs_a_person_works_again_after_new_credentials,
    objects::an_object_starts_waiting_and_keeps_its_progress_when_seen_again,
    objects::failures_in_a_row_keep_the_time_of_the_first,
    objects::fields_that_are_gone_are_counted_and_what_is_kept_may_fall,
    objects::a_stopped_object_names_its_reason_until_it_goes_on,
    runs::a_run_is_listed_newest_first_page_by_page,
    runs::a_run_without_a_manifest_tells_what_its_blocks_stored,
    runs::a_run_that_goes_on_tells_how_far_it_is,
    runs::api_calls_are_added_up_by_day_and_by_the_quarter_of_an_hour,
    runs::a_manifest_is_put_back_over_what_is_held,
    runs::a_run_is_found_by_the_beginning_of_its_id_and_forgotten,
    records::the_timeline_shows_blocks_and_failures_newest_first,
    records::errors_are_open_until_what_they_name_works_again,
    records::bulk_jobs_under_way_are_listed_until_removed,
    records::settings_hold_the_last_value,
    asked_work_items::work_that_was_asked_for_tells_how_far_it_is_and_what_came_of_it,
    asked_work_items::of_one_key_there_is_one_until_it_has_ended,
    asked_work_items::work_that_was_cut_off_is_begun_again_and_cancelled_work_is_not,
    leases::a_lease_has_one_owner_until_its_time_runs_out,
    leases::of_many_processes_at_once_exactly_one_gets_the_lease,
    work_items::items_are_claimed_in_the_order_in_which_they_fell_due,
    work_items::an_item_whose_owner_died_is_claimed_again,
    work_items::an_item_is_taken_from_an_owner_that_is_known_to_be_dead,
    work_items::asking_twice_makes_one_item,
    work_items::asking_again_for_an_item_under_way_runs_it_once_more,
    work_items::a_failed_item_waits_for_its_next_try_or_for_a_person,
    work_items::two_processes_share_the_queue_and_no_item_is_claimed_twice,
    work_items::many_processes_asking_at_once_make_one_item,
    team::a_member_is_found_by_address_and_by_identity_and_both_are_theirs_alone,
    team::codes_are_good_once,
    team::sessions_are_known_by_their_hash_and_end,
    team::an_address_has_one_invitation_and_it_is_taken_once,
    team::tokens_and_rights_are_read_back_as_they_were_given,
    team::failures_in_a_row_are_counted_and_forgotten,
    team::a_sign_in_that_was_begun_is_taken_up_once_and_in_time,
    team::a_sign_in_is_finished_once_until_it_has_expired,
    listing::objects_come_in_pages_sorted_and_filtered,
    listing::every_object_has_one_word_and_the_sums_agree,
    listing::runs_and_blocks_are_added_up,
    listing::the_audit_log_grows_at_its_head_and_is_read_from_both_ends,
}
