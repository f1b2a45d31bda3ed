"""Jobs of monitoring: baselines, checks, reports, metrics.

What computes is imported inside: every process knows all jobs, but only workers need pandas and
scikit-learn.
"""

from typing import Any

from core.jobs import JobRun, job
from deployments.models import Deployment
from monitoring import selectors, services
from monitoring.services.requests import BASELINE, BUNDLE, CHECK, EVALUATE, span_from
from registry.models import ModelVersion


@job(BASELINE, title="Baseline of a model version")
def baseline(run: JobRun) -> dict[str, Any]:
    """Build the baseline of a version."""
    from monitoring.services.baselines import build_baseline  # pandas, scikit-learn

    rows = ModelVersion.objects.select_related("model", "upload")
    version = rows.filter(pk=run.arguments["version"]).first()
    if version is None:
        return {}
    row = build_baseline(version)
    run.log(row.problem or f"{row.rows:,} rows of {row.label} were described.")
    return {"baseline": row.pk, "rows": row.rows}


@job(CHECK, title="Drift check")
def check(run: JobRun) -> dict[str, Any]:
    """Check one deployment over a range."""
    from monitoring.services.checks import run_check  # pandas, scikit-learn

    deployment = Deployment.objects.filter(pk=run.arguments["deployment"]).first()
    if deployment is None:
        return {}
    span = span_from(run.arguments)
    row = run_check(deployment=deployment, span=span, trigger=run.job.trigger, actor=run.job.actor)
    run.log(f"{row.headline}. {row.problem}".strip())
    return {"check": row.pk, "status": row.status}


@job("monitoring.check_all", title="Drift checks of all deployments")
def check_all(run: JobRun) -> dict[str, int]:
    """Ask for a check of every live deployment, and tidy up."""
    checks = services.request_checks()
    run.log(f"{len(checks)} deployments are checked.")
    thinned, files = services.tidy_up()
    run.log(f"{thinned} old checks and {files} files were removed.")
    return {"checks": len(checks), "thinned": thinned, "files": files}


@job(BUNDLE, title="Report as zip file")
def bundle(run: JobRun) -> dict[str, str]:
    """Write the zip file of a check or a baseline."""
    from monitoring import bundle as files  # pandas, matplotlib

    if "check" in run.arguments:
        path = files.write_check(selectors.check(run.arguments["check"]), log=run.log)
    else:
        path = files.write_baseline(selectors.baseline(run.arguments["baseline"]), log=run.log)
    return {"file": path.name}


@job(EVALUATE, title="Metrics on labelled data")
def evaluate(run: JobRun) -> dict[str, int]:
    """Evaluate the live model on labelled data."""
    from monitoring.services.evaluations import evaluate_file  # scikit-learn

    deployment = Deployment.objects.filter(pk=run.arguments["deployment"]).first()
    if deployment is None:
        return {}
    record = evaluate_file(
        deployment=deployment, name=run.arguments["file"], who=run.arguments["who"]
    )
    return {"metrics": record.pk, "rows": record.rows}
