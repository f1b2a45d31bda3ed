import time

import pytest
from django.test import Client

from tests.factories import *
from tests.mlopsportal import test_urls as t


@pytest.mark.django_db
def test_probe(settings, tmp_path):
    settings.DATA = tmp_path
    a_version()
    a_deployment()
    for route in t.ROUTES:
        for m in ("GET", "POST"):
            c = Client(raise_request_exception=False)
            c.force_login(t.PERSON_OF["administrator"]())
            t0 = time.time()
            r = c.generic(m, t._path(route), content_type="application/json")
            d = time.time() - t0
            if d > 0.5:
                print(route, m, r.status_code, round(d, 1))
            if route.endswith("undeploy/") or (m == "POST" and 0):
                pass
