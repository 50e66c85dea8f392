"""Every setting, read once from the environment, typed, failing at start-up.

Each variable may also be given as ``NAME_FILE`` (a path whose content is the value). The defaults
suit the embedded mode of ``./run``; ``.env.example`` lists them all with their meaning. What an
operator decides is here; what a tenant decides is a column of ``instances.Instance``.

Django reads this module; each theme has a module of its own.
"""

from ragapp.settings import rules
from ragapp.settings.accounts import *
from ragapp.settings.applications import *
from ragapp.settings.backends import *
from ragapp.settings.database import *
from ragapp.settings.environment import *
from ragapp.settings.instances import *
from ragapp.settings.logging import *
from ragapp.settings.site import *
from ragapp.settings.workers import *

rules.check(globals())
