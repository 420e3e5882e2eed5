"""Mutants: each removes one guard of the product, and lists the tests that must fail."""

from dataclasses import dataclass

ZOMBIE = "tests/store/test_zombie.py::test_no_write_with_an_old_token_succeeds"
CANCELLED_OWNER = "tests/store/test_requeue.py::test_a_cancelled_job_is_not_requeued"
RESUMING = "tests/model/test_determinism.py::test_resuming_after_any_epoch_is_byte_identical"
UNUSABLE = "tests/worker/test_resuming.py::test_an_unusable_checkpoint_restarts_at_epoch_0_with_a_logged_reason"


@dataclass(frozen=True)
class Mutant:
    """A text replacement in the files of a folder, which contain the text `times` times."""

    folder: str
    text: str
    instead: str
    tests: tuple[str, ...]
    times: int = 1


MUTANTS = {
    "token_not_incremented": Mutant(
        "store/jobs",
        "token=jobs.c.token + 1,",
        "token=jobs.c.token,",
        ("tests/store/test_claim.py::test_tokens_increase_from_attempt_to_attempt",),
    ),
    "fence_without_token": Mutant(
        "store/jobs",
        ", jobs.c.state == JobState.RUNNING, jobs.c.token == claim.token)",
        ", jobs.c.state == JobState.RUNNING)",
        (ZOMBIE,),
    ),
    "fence_without_state": Mutant(
        "store/jobs",
        ", jobs.c.state == JobState.RUNNING, jobs.c.token == claim.token)",
        ", jobs.c.token == claim.token)",
        (ZOMBIE,),
    ),
    "fence_that_does_not_stop": Mutant(
        "store/jobs",
        'raise LeaseLostError(f"job {claim.job_id} is no longer held with token {claim.token}")',
        "return connection.execute(jobs.select().where(jobs.c.id == claim.job_id)).one()",
        (ZOMBIE,),
    ),
    "promotion_by_a_key_that_may_no_longer": Mutant(
        "store/registry",
        'if not may_still(connection, owner, "promote"):',
        "if False:",
        ("tests/store/test_promotions.py::test_a_job_of_a_key_that_may_no_longer_promote_succeeds_and_moves_nothing",),
    ),
    "success_after_a_cancel": Mutant(
        "store/jobs",
        '{**ENDED, "state": JobState.SUCCEEDED}, jobs.c.cancel_requested.is_(False))',
        '{**ENDED, "state": JobState.SUCCEEDED, "cancel_requested": False})',
        ("tests/store/test_finish.py::test_success_after_an_accepted_cancel_is_refused",),
    ),
    "cancel_forgotten_by_requeue": Mutant(
        "store/jobs",
        '{**QUEUED, "run_after": now()}, jobs.c.cancel_requested.is_(False))',
        '{**QUEUED, "run_after": now(), "cancel_requested": False})',
        (CANCELLED_OWNER,),
    ),
    "cancelled_though_nobody_asked": Mutant(
        "store/jobs",
        "claim, values, jobs.c.cancel_requested.is_(True))",
        "claim, values)",
        ("tests/store/test_finish.py::test_ending_as_cancelled_without_a_cancellation_is_refused",),
    ),
    "lease_not_compared": Mutant(
        "store/jobs",
        "jobs.c.lease_until < now()",
        "jobs.c.lease_until.is_not(None)",
        ("tests/store/test_expire.py::test_only_the_jobs_that_lost_their_leases_are_taken",),
        times=2,
    ),
    "one_strike_too_many": Mutant(
        "store/jobs",
        "jobs.c.strikes + 1 >= strike_limit",
        "jobs.c.strikes >= strike_limit",
        ("tests/store/test_expire.py::test_a_lease_lost_too_often_ends_the_job",),
    ),
    "claim_before_it_is_due": Mutant(
        "store/jobs",
        "        jobs.c.run_after <= now(),\n",
        "",
        ("tests/store/test_claim.py::test_a_message_for_an_unavailable_job_changes_nothing",),
    ),
    "published_without_a_mark": Mutant(
        "store/jobs",
        ".values(published_at=now())\n        .returning(jobs.c.id, jobs.c.kind)",
        ".values(published_at=jobs.c.published_at)\n        .returning(jobs.c.id, jobs.c.kind)",
        ("tests/store/test_publish.py::test_a_new_job_is_published_once",),
    ),
    "unanswered_claim_not_found": Mutant(
        "store/jobs",
        "return None if token is None else Claim(job_id, int(token))",
        "return None",
        ("tests/store/test_claim.py::test_a_claim_with_a_lost_commit_answer_is_found_and_not_made_twice",),
    ),
    "unanswered_success_not_found": Mutant(
        "store/jobs",
        "if done is not None:",
        "if False:",
        ("tests/store/test_finish.py::test_a_success_with_a_lost_commit_answer_returns_the_same_version",),
    ),
    "unanswered_cancel_not_found": Mutant(
        "store/jobs",
        "if request is not None and _recorded(connection, job_id, request):",
        "if False:",
        ("tests/store/test_cancel.py::test_a_cancel_with_a_lost_commit_answer_is_found_and_not_refused",),
    ),
    "key_misused_unnoticed": Mutant(
        "store/jobs",
        "if first.request_sha256 != digest:",
        "if False:",
        ("tests/store/test_submit.py::test_the_same_key_with_another_request_is_refused",),
    ),
    "version_numbers_with_gaps": Mutant(
        "store/registry",
        "models.c.last_version + 1)",
        "models.c.last_version + 2)",
        ("tests/store/test_finish.py::test_versions_run_without_gaps_under_eight_concurrent_finishers",),
    ),
    "sqlite_reads_before_it_locks": Mutant(
        "store",
        '"BEGIN IMMEDIATE" if writing else "BEGIN"',
        '"BEGIN"',
        ("tests/store/test_database.py::test_on_sqlite_a_writer_locks_before_it_reads",),
    ),
    "sweeper_that_spares_no_lease": Mutant(
        "worker",
        "if time.monotonic() >= self._spared_until:",
        "if True:",
        ("tests/worker/test_sweeper.py::test_leases_are_left_alone_for_one_lease_after_the_start",),
    ),
    "hung_training_kept_alive": Mutant(
        "worker",
        "if active == seen:",
        "if False:",
        ("tests/worker/test_lease_keeper.py::test_heartbeats_stop_during_an_epoch_that_hangs",),
    ),
    "random_state_not_restored": Mutant(
        "model/training", "            read_state(bits, state)", "            pass", (RESUMING,)
    ),
    "moments_not_restored": Mutant("model/training", '            "moments": buffers.moments,\n', "", (RESUMING,)),
    "damaged_checkpoint_used": Mutant(
        "worker",
        "if sha256(stored.state) != stored.sha256:",
        "if False:",
        (f"{UNUSABLE}[_damaged-its checkpoint is damaged]",),
    ),
    "checkpoint_of_another_machine_used": Mutant(
        "worker",
        "if not same_bits(before, environment):",
        "if False:",
        (f"{UNUSABLE}[_other_environment-the numerical environment was]",),
    ),
    "bytes_removed_that_a_job_reads": Mutant(
        "store",
        "and_(~trained_on, ~read)",
        "and_(~trained_on)",
        ("tests/store/test_retention.py::test_the_dataset_of_an_unfinished_job_is_kept",),
    ),
    "bytes_removed_that_are_coming_again": Mutant(
        "store",
        "if stat.S_IMODE(away.stat().st_mode) == NEW:",
        "if False:",
        ("tests/store/test_retention.py::test_bytes_of_a_running_upload_stay",),
    ),
    "a_job_on_bytes_that_were_removed": Mutant(
        "store",
        "update(artifacts).where(read, artifacts.c.removed_at.is_(None))",
        "update(artifacts).where(read)",
        ("tests/store/test_retention.py::test_the_dataset_of_an_unfinished_job_is_kept",),
    ),
}
