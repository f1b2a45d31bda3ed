"""Pages of alarms."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import principal_in, requires, user_in
from accounts.policy import Act, allows
from core.paging import page_of
from monitoring import selectors, services
from monitoring.contexts.overview import history_strip
from monitoring.forms import AlarmFilterForm

CHECKS_SHOWN = 60


@require_safe
@requires(Act.VIEW)
def alarms(request: HttpRequest) -> HttpResponse:
    """List alarms: those that need somebody first."""
    form = AlarmFilterForm(request.GET)
    page = page_of(request, selectors.alarms(**form.chosen()))
    return render(request, "monitoring/alarms.html", {"form": form, "page": page})


@require_safe
@requires(Act.VIEW)
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one alarm with the newest check that saw it and those before."""
    row = selectors.alarm(pk)
    checks = list(selectors.checks_of_alarm(row)[:CHECKS_SHOWN])
    context = {
        "alarm": row,
        "row": row.deployment,
        "check": row.newest_check,
        "checks": checks,
        "strip": history_strip(checks),
        "may_monitor": allows(principal_in(request), Act.MONITOR),
    }
    return render(request, "monitoring/alarm.html", context)


@require_POST
@requires(Act.MONITOR)
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody looks after the alarm."""
    row = services.acknowledge(alarm=selectors.alarm(pk), actor=user_in(request))
    messages.success(request, "You look after this alarm now.")
    return redirect(row)


@require_POST
@requires(Act.MONITOR)
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the alarm."""
    row = services.resolve(alarm=selectors.alarm(pk), actor=user_in(request))
    messages.success(request, "The alarm is resolved; it returns if a check finds it again.")
    return redirect(row)
