"""The crash points: the process, the moment, and the required end of the job."""

import json
import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path

DIVERGING = {
    "optimizer": {"name": "sgd", "learning_rate": 1e6},
    "schedule": {"name": "constant"},
    "epochs": 50,
    "retry_diverged": False,
    "clip_norm": None,
}


@dataclass(frozen=True)
class Kill:
    """A signal to the first process at a moment, or to its parent.

    `role` is worker, child or web; `within` names functions of the product that all run in the transaction.
    """

    role: str
    moment: str
    within: tuple[str, ...] = ()
    signal: int = signal.SIGKILL
    parent: bool = False


@dataclass(frozen=True)
class Point:
    """A sequence of kills, each done once, and the final state of the job."""

    kills: tuple[Kill, ...]
    ends: str = "succeeded"
    cancel: bool = False
    kind: str = "training"
    spec: dict[str, object] = field(default_factory=dict)

    def arm(self, folder: Path) -> list[Path]:
        """Arm every kill, and return the files that the kills remove."""
        files = [folder / f"{number}.armed" for number in range(len(self.kills))]
        for path, kill in zip(files, self.kills, strict=True):
            path.with_suffix(".new").write_text(json.dumps(asdict(kill)))
            path.with_suffix(".new").rename(path)
        return files


def _before(role: str, *within: str, **more: object) -> Kill:
    return Kill(role, "before commit", within, **more)


def _after(role: str, *within: str, **more: object) -> Kill:
    return Kill(role, "after commit", within, **more)


CLAIM = "store.jobs.claim.claim"
BEAT = "store.jobs.heartbeat.heartbeat"
CHECKPOINT = "store.jobs.checkpoints.put_checkpoint"
SUCCEED = "store.jobs.finish.succeed_training"
ANSWER = "store.jobs.finish.succeed"  # of what makes no version
VERSION = "store.registry.versions.add_version"
FAIL = "store.jobs.finish.fail"
END_CANCELLED = "store.jobs.finish.end_cancelled"
REQUEUE = "store.jobs.requeue.requeue"
STRIKE = "store.jobs.requeue.strike"
SUBMIT = "store.jobs.submit.submit"
RING = "store.jobs.publish.take_one"
# a sweep that expires nothing records nothing
EXPIRE = ("store.jobs.expire.expire_leases", "store.jobs.events.record_event")

CHILD_DIES = Kill("child", "start")
WORKER_DIES = _after("worker", CLAIM)
NOBODY_RINGS = Kill("web", "before sending")  # and the job is marked as sent
SHUTDOWN = _after("child", CHECKPOINT, signal=signal.SIGTERM)
SHUTDOWN_AMONG_ROWS = _after("child", BEAT, signal=signal.SIGTERM)

POINTS = {
    "message heard": Point((Kill("worker", "heard"),)),
    "before the claim": Point((_before("worker", CLAIM),)),
    "after the claim": Point((WORKER_DIES,)),
    "child started": Point((CHILD_DIES,)),
    "before the first heartbeat": Point((_before("child", BEAT),)),
    "after the first heartbeat": Point((_after("child", BEAT),)),
    "before a checkpoint": Point((_before("child", CHECKPOINT),)),
    "after a checkpoint": Point((_after("child", CHECKPOINT),)),
    "worker at a checkpoint": Point((_after("child", CHECKPOINT, parent=True),)),
    "child and then worker": Point((_after("child", CHECKPOINT), _before("worker", STRIKE))),
    "before the finish": Point((_before("child", VERSION),)),
    "after the finish": Point((_after("child", SUCCEED),)),
    "worker before the finish": Point((_before("child", VERSION, parent=True),)),
    "worker after the finish": Point((_after("child", SUCCEED, parent=True),)),
    "before a failure": Point((_before("child", FAIL),), ends="failed", spec=DIVERGING),
    "after a failure": Point((_after("child", FAIL),), ends="failed", spec=DIVERGING),
    "before a cancel is obeyed": Point((_before("child", END_CANCELLED),), ends="cancelled", cancel=True),
    "after a cancel is obeyed": Point((_after("child", END_CANCELLED),), ends="cancelled", cancel=True),
    "before the requeue": Point((SHUTDOWN, _before("child", REQUEUE))),
    "after the requeue": Point((SHUTDOWN, _after("child", REQUEUE))),
    "before a strike": Point((CHILD_DIES, _before("worker", STRIKE))),
    "after a strike": Point((CHILD_DIES, _after("worker", STRIKE))),
    "API before it commits": Point((_before("web", SUBMIT),)),
    "API before it answers": Point((_after("web", SUBMIT),)),
    "API before the mark": Point((_before("web", RING),)),
    "API between mark and send": Point((NOBODY_RINGS,)),
    "API after sending": Point((Kill("web", "after sending"),)),
    "sweeper between mark and send": Point((NOBODY_RINGS, Kill("worker", "before sending"))),
    "sweeper after sending": Point((NOBODY_RINGS, Kill("worker", "after sending"))),
    "sweeper before it expires": Point((WORKER_DIES, _before("worker", *EXPIRE))),
    "sweeper between expiry and publishing": Point((WORKER_DIES, _after("worker", *EXPIRE))),
    "among the rows of a scoring": Point((_after("child", BEAT),), kind="scoring"),
    "worker among the rows of a scoring": Point((_after("child", BEAT, parent=True),), kind="scoring"),
    "before the scores' file has its name": Point((Kill("child", "before naming"),), kind="scoring"),
    "worker before the scores' file has its name": Point(
        (Kill("child", "before naming", parent=True),), kind="scoring"
    ),
    "before a scoring's finish": Point((_before("child", ANSWER),), kind="scoring"),
    "after a scoring's finish": Point((_after("child", ANSWER),), kind="scoring"),
    "worker after a scoring's finish": Point((_after("child", ANSWER, parent=True),), kind="scoring"),
    "before a scoring's requeue": Point((SHUTDOWN_AMONG_ROWS, _before("child", REQUEUE)), kind="scoring"),
    "after a scoring's requeue": Point((SHUTDOWN_AMONG_ROWS, _after("child", REQUEUE)), kind="scoring"),
    "before a scoring's cancel is obeyed": Point(
        (_before("child", END_CANCELLED),), ends="cancelled", cancel=True, kind="scoring"
    ),
    "replay after a checkpoint": Point((_after("child", CHECKPOINT),), kind="replay"),
    "worker at a replay's checkpoint": Point((_after("child", CHECKPOINT, parent=True),), kind="replay"),
    "before a replay's finish": Point((_before("child", ANSWER),), kind="replay"),
    "after a replay's finish": Point((_after("child", ANSWER),), kind="replay"),
}

# One of each kind in every test run; all of them in `make chaos`.
FEW = (
    "after a checkpoint",
    "worker before the finish",
    "API before it answers",
    "sweeper between mark and send",
    "among the rows of a scoring",
)
