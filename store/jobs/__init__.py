"""Jobs: the state machine whose SQL row is the only truth, one transition a file.

queued → running → succeeded | failed | cancelled. Each change of state is one UPDATE whose WHERE holds its conditions;
0 rows mean that another process was first. Every write of a worker carries the token of its claim.

| file | transitions |
|---|---|
| submit, retry | T1: → queued |
| publish | T2: mark jobs whose messages are sent to the broker |
| claim, fair_scheduling | T3: queued → running, and which job is next |
| heartbeat | T4: renew the lease, store epochs and checkpoint |
| finish | T5 and T6: running → succeeded, failed or cancelled |
| requeue | T7 and T8: running → queued again, without or with a strike |
| expire, deadlines | T9 and T12: expired leases and deadlines |
| cancel | T10 and T11: a user cancels |

`queue_limit` refuses a job when too many wait, `checkpoints` stores the state that an attempt resumes from, `restart`
records why an attempt did not resume, `events` is the log, and `fence` is the condition of every write of a worker.
"""

TASK = "ebb.run_job"
"""The name of the Celery task that runs a job; its one argument is the job's id."""
