"""Start the model server by path: `ENV/bin/python …/modelserver/__main__.py --model …`.

What runs here is a model, a stranger's program: it must find its own libraries and nothing of the
portal that lies beside this package. So neither this folder nor its parent is on `sys.path`; the
package is put into `sys.modules` by hand and finds its own modules from there.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGE = "modelserver"


def _import_only_this_package() -> None:
    here = Path(__file__).resolve().parent
    # Python puts the folder of a script first; `server` or `client` would be modules for the model.
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != here]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec is not None and spec.loader is not None  # noqa: S101  the file is there
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    if PACKAGE not in sys.modules:
        _import_only_this_package()
    importlib.import_module(f"{PACKAGE}.cli").main()
