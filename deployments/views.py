"""Pages of deployments: the list, one deployment, and what can be done to it."""

from urllib.parse import quote, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import add_refusal
from accounts.permissions import principal_in, requires, user_in
from accounts.policy import Act, allows
from core.errors import ConflictError, InvalidError, NotFoundError
from core.forms import ConfirmForm
from core.paging import page_of
from deployments import calling, logs, overview, selectors, services
from deployments.forms import DeployForm, DeploymentFilterForm, ModelForm, VersionForm
from deployments.models import Deployment, Release
from deployments.traffic import Traffic, traffic
from registry import selectors as registry

RELEASES_SHOWN = 8


@require_safe
@requires(Act.VIEW)
def deployments(request: HttpRequest) -> HttpResponse:
    """List what is served."""
    form = DeploymentFilterForm(request.GET)
    chosen = form.chosen()
    rows = selectors.search(chosen["search"], with_undeployed=bool(chosen["all"]))
    if chosen["status"]:
        rows = [row for row in rows if selectors.status_of(row) == chosen["status"]]
    page = page_of(request, rows)
    lines = overview.lines(list(page))
    context = {
        "form": form,
        "page": page,
        "lines": lines,
        "is_settled": all(line.is_settled for line in lines),
        "may_deploy": allows(principal_in(request), Act.DEPLOY),
        "any_deployment": bool(page) or bool(selectors.names()),
        "any_model": bool(page) or bool(registry.model_names()),
    }
    return render(request, "deployments/deployments.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.DEPLOY)
def new(request: HttpRequest) -> HttpResponse:
    """Ask which model, then which version and name, and deploy it."""
    names = registry.model_names()
    chosen = request.GET.get("model") or (names[0] if len(names) == 1 else "")
    if not chosen:
        context = {"form": ModelForm(names=names), "any_model": bool(names)}
        return render(request, "deployments/choose_model.html", context)
    model = registry.model(chosen)
    initial = VersionForm.initial_for(
        version=request.GET.get("version", ""), alias=request.GET.get("alias", "")
    )
    form = DeployForm(
        request.POST or None,
        model=model,
        versions=registry.versions(model.name),
        initial={"name": request.GET.get("name") or model.name, **initial},
    )
    row = _deployed(request, model.name, form) if form.is_valid() else None
    if row is not None:
        return redirect(row)
    return render(request, "deployments/new.html", {"form": form, "model": model})


@require_safe
@requires(Act.VIEW)
def deployment(request: HttpRequest, name: str) -> HttpResponse:
    """Show one deployment: how to call it, what serves, and what happens to it."""
    row = selectors.deployment(name)
    releases = page_of(request, selectors.releases(row), size=RELEASES_SHOWN)
    release = row.current or row.target or next(iter(releases), None)
    asked = traffic([row.name]).get(row.name, Traffic())
    context = {
        "row": row,
        "standing": overview.standing(row),
        "call": calling.call_of(row),
        "releases": releases,
        "release": release,
        "previous": selectors.previous(row),
        "days": overview.days(row),
        "traffic": asked,
        "spark": overview.spark_of(asked, label="Requests by hour"),
        "output": logs.tail(row),
        "again": _again(row, release),
        "may_deploy": allows(principal_in(request), Act.DEPLOY),
    }
    return render(request, "deployments/deployment.html", context)


@require_safe
@requires(Act.VIEW)
def live(request: HttpRequest, name: str) -> HttpResponse:
    """Return what changes by itself on the page of a deployment, for htmx.

    `?settled=` says how the page saw it: when that changed, the whole page is loaded again.
    """
    row = selectors.deployment(name)
    standing = overview.standing(row)
    response = render(request, "deployments/_live.html", {"row": row, "standing": standing})
    if request.GET.get("settled", "") != str(standing.is_settled):
        response["HX-Refresh"] = "true"
    return response


@require_safe
@requires(Act.VIEW)
def events(request: HttpRequest, name: str) -> HttpResponse:
    """Show everything that ever happened to a deployment."""
    row = selectors.deployment(name)
    page = page_of(request, selectors.events(row), size=200)
    return render(request, "deployments/events.html", {"row": row, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.DEPLOY)
def replace(request: HttpRequest, name: str) -> HttpResponse:
    """Choose another version (or an alias) for a deployment."""
    row = selectors.deployment(name)
    model = registry.model(row.model_name)
    present = row.target or row.current
    form = VersionForm(
        request.POST or None,
        model=model,
        versions=registry.versions(model.name),
        initial=VersionForm.initial_for(
            version=request.GET.get("version") or (present.version if present else ""),
            alias="" if "version" in request.GET else row.alias,
        ),
    )
    if form.is_valid():
        services.switch_version(
            deployment=row, version=form.version, alias=form.alias, actor=user_in(request)
        )
        return redirect(row)
    return render(request, "deployments/replace.html", {"form": form, "row": row})


@require_POST
@requires(Act.DEPLOY)
def restart(request: HttpRequest, name: str) -> HttpResponse:
    """Put the present version into service anew."""
    row = selectors.deployment(name)
    services.restart(deployment=row, actor=user_in(request))
    return redirect(row)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.DEPLOY)
def roll_back(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then go back to the version that served before."""
    row = selectors.deployment(name)
    if request.method == "POST":
        services.roll_back(deployment=row, actor=user_in(request))
        return redirect(row)
    before = selectors.previous(row)
    if before is None:
        raise NotFoundError(f"{row.name} has never served another version.")
    now = f"Version {row.current.version} goes on" if row.current else "Nothing answers"
    context = {
        "title": f"Roll back {row.name}",
        "consequence": f"Version {before.version} (release {before.number}) is brought back. "
        f"{now} until it has proven itself."
        f"{f' The deployment no longer follows the alias {row.alias}.' if row.alias else ''}",
        "action": f"Roll back to version {before.version}",
        "back": row.get_absolute_url(),
        "crumbs": _crumbs(row.name),
    }
    return render(request, "confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.DEPLOY)
def undeploy(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for the name, then serve the deployment no more."""
    row = selectors.deployment(name)
    form = ConfirmForm(request.POST or None, expected=row.name)
    if form.is_valid():
        services.undeploy(deployment=row, actor=user_in(request))
        return redirect(row)
    context = {
        "title": f"Undeploy {row.name}",
        "consequence": f"Whoever asks {row.name} for predictions is answered 404 from then on. "
        "Its history and its predictions stay, and it can be deployed again under its name.",
        "action": "Undeploy",
        "back": row.get_absolute_url(),
        "crumbs": _crumbs(row.name),
        "form": form,
    }
    return render(request, "confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.DEPLOY)
def public(request: HttpRequest, name: str) -> HttpResponse:
    """Open a deployment to everybody, after asking, or close it again."""
    row = selectors.deployment(name)
    if request.method == "POST":
        wanted = request.POST.get("public", "yes") == "yes"
        services.set_public(deployment=row, public=wanted, actor=user_in(request))
        words = "answers everybody without a token" if wanted else "needs a token again"
        messages.success(request, f"{row.name} {words}.")
        return redirect(row)
    context = {
        "title": f"Open {row.name} to everybody",
        "consequence": f"Whoever reaches this portal over the network can ask {row.name} for "
        "predictions without a token. Each is logged with the caller “public”.",
        "action": "Open it",
        "back": row.get_absolute_url(),
        "crumbs": _crumbs(row.name),
    }
    return render(request, "confirm.html", context)


def _deployed(request: HttpRequest, model: str, form: DeployForm) -> Deployment | None:
    """Deploy what the form says, or show in the form why not."""
    try:
        row, _ = services.deploy(
            model=model,
            version=form.version,
            alias=form.alias,
            name=form.cleaned_data["name"],
            actor=user_in(request),
        )
    except InvalidError as error:
        add_refusal(form, error)
    except (ConflictError, NotFoundError) as error:
        form.add_error(None, str(error))
    else:
        return row
    return None


def _again(row: Deployment, release: Release | None) -> str:
    """Return the query that fills the deploy form with what served under the name last."""
    served = {"alias": row.alias} if row.alias else {"version": release.version if release else ""}
    return urlencode({"model": row.model_name, "name": row.name, **served}, quote_via=quote)


def _crumbs(name: str) -> list[tuple[str, str]]:
    return [
        ("Deployments", reverse("deployments:deployments")),
        (name, reverse("deployments:deployment", args=[name])),
    ]
