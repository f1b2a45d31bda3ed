"""Pages of models and versions."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from registry import selectors, services
from registry.models import RegistryState, UploadedDataset
from tests.factories import LONG_AGO, a_deployment, a_model, a_version
from tests.pages import faults_of, query_count, text_of

pytestmark = pytest.mark.django_db

ODD = "Weinqualität v2.1 \u2013 rot"


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each nudge, none of which reaches a broker."""
    sent: list[str] = []
    monkeypatch.setattr(services, "nudge", lambda: sent.append("nudge"))
    return sent


# ---- the list ----------------------------------------------------------------------------------


def test_without_a_model_the_page_shows_the_lines_that_register_one(as_vera: Client) -> None:
    response = as_vera.get("/registry/")
    text = text_of(response)
    assert "No model is registered yet" in text
    assert "export MLFLOW_TRACKING_URI=http://127.0.0.1:8000/mlflow" in text
    assert "export MLFLOW_TRACKING_TOKEN=" in text
    assert faults_of(response) == []


def test_a_model_is_listed_with_newest_version_aliases_and_where_it_is_deployed(
    as_vera: Client,
) -> None:
    a_model(name="wine", aliases={"champion": "1"})
    a_version(model="wine", version="1", created=timezone.now() - timedelta(days=3))
    a_version(model="wine", version="2", created=timezone.now() - timedelta(hours=2))
    a_deployment(name="wine-live", model="wine", version="1")
    response = as_vera.get("/registry/")
    assert "wine 2 versions v2 2 h ago @champion v1 live wine-live v1" in text_of(response)
    assert faults_of(response) == []


def test_versions_and_models_that_mlflow_lost_are_not_listed(as_vera: Client) -> None:
    a_version(model="wine", version="1")
    a_version(model="wine", version="2", gone=timezone.now())
    lost = a_model(name="lost")
    lost.gone = timezone.now()
    lost.save()
    text = text_of(as_vera.get("/registry/"))
    assert "wine 1 version v1" in text
    assert "lost" not in text


@pytest.mark.parametrize("search", ["WINE", "red wine", "grapes"])
def test_models_are_found_by_words_of_name_and_description(search: str, as_vera: Client) -> None:
    found = a_model(name="red wine")
    found.description = "made of grapes"
    found.save()
    a_model(name="taxi")
    page = as_vera.get("/registry/", {"search": search}).context["page"]
    assert [row.name for row in page] == ["red wine"]


def test_a_search_without_a_match_offers_to_clear_it(as_vera: Client) -> None:
    a_model(name="wine")
    assert "No model matches" in text_of(as_vera.get("/registry/?search=beer"))


def test_the_list_takes_the_same_queries_for_10_and_30_models(as_vera: Client) -> None:
    def fill(start: int, stop: int) -> None:
        for number in range(start, stop):
            a_version(model=f"m{number}", version="1")
            a_version(model=f"m{number}", version="2")
            a_deployment(name=f"d{number}", model=f"m{number}")

    RegistryState.load()
    fill(0, 10)
    ten = query_count(as_vera, "/registry/")
    fill(10, 30)
    assert query_count(as_vera, "/registry/") == ten


# ---- how fresh it is ---------------------------------------------------------------------------


def test_the_list_says_when_mlflow_was_read(as_vera: Client) -> None:
    state = RegistryState.load()
    state.last_read, state.server_version = timezone.now() - timedelta(seconds=12), "3.17.0"
    state.save()
    assert "read from MLflow 3.17.0 12 s ago" in text_of(as_vera.get("/registry/"))


def test_the_list_says_why_mlflow_cannot_be_read(as_vera: Client) -> None:
    state = RegistryState.load()
    state.problem = "MLflow does not answer (ConnectError)."
    state.save()
    text = text_of(as_vera.get("/registry/"))
    assert "MLflow does not answer (ConnectError). Nothing has been read from it so far." in text


def test_an_operator_has_mlflow_read_again_and_comes_back(
    as_olga: Client, nudges: list[str]
) -> None:
    assert "Read again" in text_of(as_olga.get("/registry/"))
    response = as_olga.post("/registry/", {"next": "/registry/?search=a"})
    assert (response.status_code, response["Location"]) == (302, "/registry/?search=a")
    assert nudges == ["nudge"]


def test_reading_again_never_leads_to_another_site(as_olga: Client, nudges: list[str]) -> None:
    response = as_olga.post("/registry/", {"next": "https://evil.example/"})
    assert response["Location"] == "/registry/"


def test_a_viewer_has_no_button_to_read_again_and_may_not(
    as_vera: Client, nudges: list[str]
) -> None:
    assert "Read again" not in text_of(as_vera.get("/registry/"))
    assert as_vera.post("/registry/").status_code == 403
    assert nudges == []


# ---- one model ---------------------------------------------------------------------------------


def test_versions_stand_side_by_side_with_the_metrics_that_all_of_them_have(
    as_vera: Client,
) -> None:
    now = timezone.now()
    a_model(name="wine", aliases={"champion": "2"})
    a_version(version="1", created=now, metrics={"f1": 0.25, "accuracy": 0.5, "z": 1.0})
    a_version(version="2", created=LONG_AGO, metrics={"accuracy": 0.75, "f1": 0.7, "a": 2})
    a_version(version="3", created=LONG_AGO - timedelta(days=1), metrics={})
    response = as_vera.get("/registry/wine/")
    assert response.context["metrics"] == ["accuracy", "f1"]
    assert [values for _, _, values in response.context["lines"]] == [
        [0.5, 0.25],
        [0.75, 0.7],
        [None, None],
    ]
    assert "Version 2 @champion — 0.75 0.7" in text_of(response)
    assert faults_of(response) == []


@pytest.mark.parametrize(
    ("metrics", "columns"),
    [
        ([], []),
        ([{}], []),
        ([{"a": 1}, {"b": 1}, {"b": 2}], ["a", "b"]),
        ([dict.fromkeys("fedcba", 1.0)] * 2, ["a", "b", "c", "d"]),
        ([dict.fromkeys("abc", 1), dict.fromkeys("bcd", 1), dict.fromkeys("cde", 1)], ["c"]),
    ],
)
def test_the_columns_of_metrics_are_few_and_shared(
    metrics: list[dict[str, float]], columns: list[str]
) -> None:
    rows = [a_version(version=f"{n}", metrics=entry) for n, entry in enumerate(metrics)]
    assert selectors.shared_metrics(rows) == columns


def test_a_model_page_takes_the_same_queries_for_10_and_30_versions(as_vera: Client) -> None:
    for number in range(10):
        a_version(model="wine", version=f"{number}")
    RegistryState.load()
    ten = query_count(as_vera, "/registry/wine/")
    for number in range(10, 30):
        a_version(model="wine", version=f"{number}")
    assert query_count(as_vera, "/registry/wine/") == ten


def test_a_model_that_is_not_there_is_named(as_vera: Client) -> None:
    response = as_vera.get("/registry/nothing/")
    assert response.status_code == 404
    assert "There is no registered model 'nothing'." in text_of(response)


# ---- one version -------------------------------------------------------------------------------


def test_a_version_shows_what_it_is_and_asks_for(as_vera: Client) -> None:
    a_version(
        model="wine",
        version="3",
        run_id="abc123",
        metrics={"accuracy": 0.69},
        params={"trees": "200"},
        tags={"team": "cellar"},
    )
    a_deployment(name="wine-live", model="wine", version="3")
    response = as_vera.get("/registry/wine/versions/3/")
    text = text_of(response)
    assert "Deployed as live wine-live" in text
    assert "3 files, 1 kB" in text
    assert "Python 3.11.2, MLflow 3.17.0" in text
    assert "mlflow==3.17.0" in text
    assert "accuracy 0.69" in text
    assert "trees 200" in text
    assert "Inputs 2 pH double alcohol double" in text
    assert "team cellar" in text
    assert '<a href="/mlflow/#/runs/abc123">' in response.content.decode()
    assert faults_of(response) == []


def test_a_version_whose_files_cannot_be_read_says_why(as_vera: Client) -> None:
    a_version(problem="There is no MLmodel file at x. Log the model again.", details={})
    text = text_of(as_vera.get("/registry/wine/versions/1/"))
    assert "cannot be read. There is no MLmodel file at x. Log the model again." in text


def test_an_unknown_version_is_refused_with_those_there_are(as_vera: Client) -> None:
    a_version(version="1")
    response = as_vera.get("/registry/wine/versions/9/")
    assert response.status_code == 404
    assert "Model 'wine' has no version '9'. It has 1." in text_of(response)


def test_where_the_training_set_lies_is_said_and_then_none_can_be_uploaded(
    as_olga: Client,
) -> None:
    a_version(baseline={"kind": "run", "label": "data/dataset.csv, artifact of the training run"})
    response = as_olga.get("/registry/wine/versions/1/")
    assert "data/dataset.csv, artifact of the training run." in text_of(response)
    assert b'type="file"' not in response.content


def test_an_operator_uploads_a_training_set(as_olga: Client) -> None:
    a_version()
    assert b'type="file"' in as_olga.get("/registry/wine/versions/1/").content
    file = SimpleUploadedFile("wine.csv", b"pH,alcohol,quality\n3.1,9.5,5\n3.3,10.1,6\n")
    response = as_olga.post("/registry/wine/versions/1/", {"file": file}, follow=True)
    assert response.redirect_chain == [("/registry/wine/versions/1/", 302)]
    assert "wine.csv with 2 rows is the training set now." in text_of(response)
    kept = UploadedDataset.objects.get()
    assert (kept.rows, kept.columns) == (2, ["pH", "alcohol", "quality"])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("wine.xlsx", b"x", "'wine.xlsx' is neither .csv nor .parquet."),
        ("wine.csv", b"pH\n", "The data set has no rows."),
        ("wine.parquet", b"no parquet", "The data set cannot be read as parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused_beside_the_field(
    name: str, content: bytes, says: str, as_olga: Client
) -> None:
    a_version()
    file = SimpleUploadedFile(name, content)
    response = as_olga.post("/registry/wine/versions/1/", {"file": file})
    assert response.status_code == 200
    assert says in text_of(response)
    assert not UploadedDataset.objects.exists()


def test_a_viewer_sees_no_way_to_deploy_or_upload_and_may_not_upload(as_vera: Client) -> None:
    a_version()
    response = as_vera.get("/registry/wine/versions/1/")
    assert "Deploy…" not in text_of(response)
    assert b'type="file"' not in response.content
    assert "Deploy…" not in text_of(as_vera.get("/registry/wine/"))
    file = SimpleUploadedFile("wine.csv", b"pH\n3.1\n")
    assert as_vera.post("/registry/wine/versions/1/", {"file": file}).status_code == 403
    assert not UploadedDataset.objects.exists()


def test_the_deploy_button_names_model_and_version(as_olga: Client) -> None:
    a_version(model=ODD, version="3")
    page = as_olga.get(f"/registry/{quote(ODD)}/versions/3/").content.decode()
    assert f'href="/deployments/new/?model={quote(ODD, safe="")}&amp;version=3"' in page


# ---- names and people --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [ODD, "a b.c", "50% #1?", "<b>bold"])
def test_a_model_of_any_name_has_its_pages(name: str, as_vera: Client) -> None:
    a_version(model=name, version="1")
    home = as_vera.get("/registry/")
    row = home.context["page"][0]
    for url in (row.get_absolute_url(), row.present_versions[0].get_absolute_url()):
        assert f'href="{url}"' in home.content.decode()
        response = as_vera.get(url)
        assert response.status_code == 200
        assert name in text_of(response)
        assert faults_of(response) == []


@pytest.mark.parametrize("path", ["", "wine/", "wine/versions/1/"])
def test_nobody_is_sent_to_the_login(path: str, as_nobody: Client) -> None:
    a_version()
    response = as_nobody.get(f"/registry/{path}")
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=/registry/")
