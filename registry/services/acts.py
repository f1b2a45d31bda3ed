"""Writing down what people and programs did in MLflow, which keeps no record of it itself."""

from accounts.models import User
from accounts.policy import Principal
from core import audit
from core.context import Origin, acting_from
from registry.acts import MlflowAct


def write_down(act: MlflowAct, *, principal: Principal, address: str) -> None:
    """Write an audit entry of what `principal` did through the proxy, from `address`."""
    with acting_from(Origin(door="mlflow", address=address, token=principal.token_label)):
        audit.record(
            act.action,
            object=act.object,
            actor=User.objects.filter(pk=principal.user_id).first(),
            who=principal.username,
            after=act.after,
        )
