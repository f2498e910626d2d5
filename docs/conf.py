"""How the site is built: ``sphinx-build -W -b html docs docs/_build/html``.

Code cells are run by the build and an error in one fails it. Pages that are made from the code, the reference
(``_ext/reference.py``) and the gallery (``_ext/gallery.py``), are written anew before each build.
"""

import hashlib
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "_ext"), str(ROOT)]
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE / "_ext"), str(ROOT), os.environ.get("PYTHONPATH", "")])
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

project = "funcgrad"
author = "the funcgrad developers"
version = release = re.findall(r'__version__ = "(.+)"', (ROOT / "funcgrad" / "__init__.py").read_text())[0]

extensions = ["gallery", "myst_nb", "reference", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
extensions += ["sphinx_design"]
exclude_patterns = ["_build", "_ext"]
templates_path: list[str] = []
default_role = "code"  # docstrings say `x` of parameters
suppress_warnings = ["config.cache"]

# -- Docstrings

autodoc_typehints = "none"  # the sections of the docstring say it in words
autodoc_use_type_comments = False
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = False
add_module_names = False
python_maximum_signature_line_length = 100

# -- Cells

os.environ["IPYKERNEL_CELL_NAME"] = "your_code.py"  # what errors call the place of a cell
os.environ["IPYTHONDIR"] = str(HERE / "_build" / "ipython")
profile = HERE / "_build" / "ipython" / "profile_default"
profile.mkdir(parents=True, exist_ok=True)
(profile / "ipython_kernel_config.py").write_text(
    "c.InteractiveShell.xmode = 'Minimal'\nc.HistoryManager.enabled = False\n"  # errors without a traceback
)


def fingerprint() -> str:
    """Return a name for the state of the library: results of cells are kept for as long as it stays."""
    seen = hashlib.sha256()
    for source in sorted([*ROOT.glob("funcgrad/**/*.py"), *ROOT.glob("funcgrad/*.pyi"), *HERE.glob("_ext/*.py")]):
        seen.update(source.read_bytes())
    return seen.hexdigest()[:16]


nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "cells" / fingerprint())
nb_execution_raise_on_error = True
nb_execution_timeout = 60
nb_merge_streams = True
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3

# -- Looks

html_theme = "pydata_sphinx_theme"
html_title = "funcgrad"
html_static_path = ["_static"]
html_css_files = ["funcgrad.css"]
html_sidebars = {"index": [], "performance": [], "coverage*": []}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "funcgrad"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
project_copyright = "2026, the funcgrad developers"
