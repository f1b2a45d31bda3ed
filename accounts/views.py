"""Pages about access: log in, first administrator, profile, password, API tokens."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, services
from accounts.forms import LoginForm, PasswordForm, SetupForm, TokenForm, add_refusal
from accounts.permissions import principal_in, requires, user_in
from accounts.policy import Act, allows
from core.errors import InvalidError

THEMES = ("system", "light", "dark")
THEME_COOKIE = "portal_theme"
THEME_COOKIE_AGE = 365 * 24 * 3600


class LoginView(DjangoLoginView):
    """Log in with name and password."""

    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


@login_not_required
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, code: str) -> HttpResponse:
    """Create the first administrator from a one-time link."""
    services.valid_setup_link(code)
    form = SetupForm(request.POST or None)
    if form.is_valid():
        try:
            user = services.use_setup_link(
                code=code,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
                email=form.cleaned_data["email"],
            )
        except InvalidError as error:
            add_refusal(form, error)
        else:
            login(request, user)
            messages.success(request, f"Welcome, {user}. You are the administrator of this portal.")
            return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/setup.html", {"form": form})


@require_safe
@requires(Act.VIEW)
def profile(request: HttpRequest) -> HttpResponse:
    """Show who one is, the appearance, and one's API tokens."""
    context = {
        "theme": request.COOKIES.get(THEME_COOKIE, "system"),
        "themes": THEMES,
        "acts": [act.value.replace("_", " ") for act in Act if allows(principal_in(request), act)],
        "tokens": selectors.tokens_of(user_in(request)),
    }
    return render(request, "accounts/profile.html", context)


@login_not_required
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's own in a cookie, and go back."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = resolve_url("accounts:profile")
    response = redirect(back)
    theme = request.POST.get("theme")
    if theme in ("light", "dark"):
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=THEME_COOKIE_AGE,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.VIEW)
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this session goes on, all others end."""
    user = user_in(request)
    form = PasswordForm(user, request.POST or None)
    if form.is_valid():
        services.change_password(user=user, password=form.cleaned_data["new_password1"], actor=user)
        update_session_auth_hash(request, user)
        messages.success(request, "Your password was changed. Other sessions have ended.")
        return redirect("accounts:profile")
    return render(request, "accounts/password.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.OWN_TOKENS)
def token_create(request: HttpRequest) -> HttpResponse:
    """Create an API token and show its secret, in this one answer only.

    The answer to the POST is the page itself: a redirect would have to keep the secret somewhere.
    """
    form = TokenForm(request.POST or None)
    if form.is_valid():
        try:
            token, secret = services.create_token(
                user=user_in(request),
                name=form.cleaned_data["name"],
                scopes=form.all_scopes,
                expires=form.expires,
                actor=user_in(request),
            )
        except InvalidError as error:
            add_refusal(form, error)
        else:
            context = {"token": token, "secret": secret, "public_url": settings.PUBLIC_URL}
            return render(request, "accounts/token_created.html", context)
    return render(request, "accounts/token_create.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.OWN_TOKENS)
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Ask, then end one of one's own API tokens."""
    token = get_object_or_404(selectors.tokens_of(user_in(request)), pk=token_id)
    if request.method == "POST":
        services.revoke_token(token=token, actor=user_in(request))
        messages.success(request, f"Token {token.name} was revoked.")
        return redirect("accounts:profile")
    return render(request, "accounts/token_revoke.html", {"token": token})
