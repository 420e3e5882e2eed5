"""Jobs: the state machine whose SQL row is the only truth, one transition a file.

queued → running → succeeded | failed | cancelled. Each change of state is one UPDATE that says in its WHERE what must
still hold; 0 rows means that somebody else was first. A worker's every write carries the token it claimed the job with.

| file | transitions |
|---|---|
| submit, retry | T1: → queued |
| publish | T2: tell the broker |
| claim, fair_scheduling | T3: queued → running, and whose turn it is |
| heartbeat | T4: a sign of life, with epochs and checkpoint |
| finish | T5 and T6: running → succeeded, failed or cancelled |
| requeue | T7 and T8: running → queued again, without or with a strike |
| expire, deadlines | T9 and T12: leases and deadlines that ran out |
| cancel | T10 and T11: asked for by a user |

`queue_limit` refuses a job when too many wait, `checkpoints` stores the state that an attempt resumes from, `restart`
records why an attempt did not resume, `events` is the log, and `fence` is the condition of every write of a worker.
"""

TASK = "ebb.run_job"
"""The name of the Celery task that runs a job; its one argument is the job's id."""

KINDS = ("training", "scoring", "replay")
"""What a job can be; each kind has a queue of its own."""
