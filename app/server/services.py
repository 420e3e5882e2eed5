"""What the views work with, made once per process."""

from dataclasses import dataclass

from app.edge.concurrency_limit import ConcurrencyLimit
from app.edge.deadline import Deadline
from app.inspection.inspector import Inspector
from app.metrics.jobs_collector import JobsCollector
from app.metrics.traffic import Traffic
from app.scoring.estimator_cache import EstimatorCache
from app.scoring.target_cache import TargetCache
from app.streams.stream_limit import StreamLimit
from app.submission.publisher import Publisher
from store.artifacts import ArtifactStore
from store.database import Database
from store.settings import Settings


@dataclass(frozen=True)
class Services:
    """The settings, and the seams to everything outside the process."""

    settings: Settings
    database: Database
    artifacts: ArtifactStore
    publisher: Publisher
    targets: TargetCache
    estimators: EstimatorCache
    streams: StreamLimit
    uploads: ConcurrencyLimit
    batches: ConcurrencyLimit
    comparing: ConcurrencyLimit
    deadline: Deadline
    traffic: Traffic
    jobs: JobsCollector
    inspector: Inspector
