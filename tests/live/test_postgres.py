"""What only PostgreSQL can show: migrations, MLflow's backend, races of threads, query plans."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.jobs.queue import enqueue, enqueue_scheduled
from core.jobs.runner import claim
from core.models import Job
from gateway.stores.protocol import Query
from gateway.stores.sql import SqlStore
from scripts.live_servers import PostgresServer
from tests.e2e.portal import RunningPortal
from tests.live.conftest import PortalMaker

pytestmark = pytest.mark.live

THREADS = 8
ROUNDS = 25
DAYS = 90
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def on_postgres(transactional_db: None) -> None:
    """Django's own connection of this run, which must be one to PostgreSQL."""
    if connection.vendor != "postgresql":
        pytest.skip("Django is on SQLite in this run; `make test-live` puts it on PostgreSQL.")


@pytest.fixture
def many_predictions(on_postgres: None) -> Iterator[SqlStore]:
    """A store of 90 days of two deployments, one prediction a minute each."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO gateway_prediction
                (id, time, deployment, model, version, request_id, caller, status, rows,
                 inputs, outputs, findings, model_ms, total_ms, traceparent, backfilled)
            SELECT gen_random_uuid(), %s + minute * interval '1 minute', name, 'wine', '1',
                   'r' || minute, '', 200, 1, '{}', '[]', '[]', 1, 1, '', false
            FROM generate_series(0, %s) AS minute, unnest(ARRAY['red', 'white']) AS name
            """,
            [START, DAYS * 24 * 60 - 1],
        )
        cursor.execute("ANALYZE gateway_prediction")
    yield SqlStore()


def test_setup_migrates_an_empty_database_and_may_be_repeated(
    tmp_path: Path, postgres_url: str
) -> None:
    portal = RunningPortal(tmp_path / "data", DATABASE_URL=postgres_url)

    portal.manage("setup")
    portal.manage("setup")

    assert portal.manage("migrate", "--check", check=False).returncode == 0
    with psycopg.connect(postgres_url) as rows:
        applied = rows.execute("SELECT count(*) FROM django_migrations WHERE app = 'core'")
        assert applied.fetchone() != (0,)
    assert not (tmp_path / "data" / "portal.sqlite3").exists()


def test_a_whole_portal_on_postgresql_and_redis_keeps_mlflows_records_there(
    a_portal: PortalMaker, postgres: PostgresServer, postgres_url: str, redis_url: str
) -> None:
    mlflow_url = postgres.create_database(f"mlflow{os.getpid()}")
    portal = a_portal(
        DATABASE_URL=postgres_url,
        PORTAL_BROKER_URL=redis_url,
        PORTAL_MLFLOW_DATABASE_URL=mlflow_url,
    )

    with portal.client(portal.token("register")) as client:
        path = "/mlflow/api/2.0/mlflow/experiments/create"
        portal.wait_for(lambda: client.get("/mlflow/health").is_success, seconds=90)
        made = client.post(path, json={"name": "röt 1"})

    assert made.status_code == 200, made.text
    with psycopg.connect(mlflow_url) as rows:
        found = rows.execute("SELECT experiment_id FROM experiments WHERE name = 'röt 1'")
        assert found.fetchone() == (int(made.json()["experiment_id"]),)
    assert list(portal.data.rglob("*.sqlite3")) == []


@pytest.mark.usefixtures("on_postgres")
def test_of_eight_threads_exactly_one_claims_a_job() -> None:
    barrier = threading.Barrier(THREADS)

    def try_to_claim(key: str) -> bool:
        row = Job.objects.get(pk=key)
        barrier.wait()
        try:
            return claim(row)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(ROUNDS):
            row = enqueue("core.cleanup")
            won = list(pool.map(try_to_claim, [str(row.pk)] * THREADS))

            assert sum(won) == 1
            row.refresh_from_db()
            assert (row.status, row.attempts) == (Job.Status.RUNNING, 1)


@pytest.mark.usefixtures("on_postgres")
def test_of_eight_clocks_exactly_one_writes_the_run_of_a_schedule() -> None:
    barrier = threading.Barrier(THREADS)

    def tick(due: datetime) -> bool:
        barrier.wait()
        try:
            return enqueue_scheduled("core.cleanup", scheduled_for=due) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(ROUNDS):
            due = START + timedelta(hours=number)
            assert sum(pool.map(tick, [due] * THREADS)) == 1

    assert Job.objects.filter(kind="core.cleanup").count() == ROUNDS


def test_a_week_of_predictions_is_read_by_the_index(many_predictions: SqlStore) -> None:
    week = Query("red", start=START + timedelta(days=40), end=START + timedelta(days=47))

    with CaptureQueriesContext(connection) as captured:
        rows = list(many_predictions.iterate(week))
        newest = many_predictions.newest(week, limit=50)
        count = many_predictions.count(week)

    assert len(rows) == count == 7 * 24 * 60
    assert [row.time for row in rows] == sorted(row.time for row in rows)
    assert newest[0] == rows[-1]
    for query in captured.captured_queries:
        plan = _plan(query["sql"])
        assert "gateway_prediction_time" in plan, f"{query['sql']}\n{plan}"
        assert "Seq Scan" not in plan, f"{query['sql']}\n{plan}"


def _plan(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        return "\n".join(line for (line,) in cursor.fetchall())
