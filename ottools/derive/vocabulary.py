"""The vocabulary in one namespace: what `symbols` and `functionals` define."""

from .extremes import *  # noqa: F403
from .functionals import *  # noqa: F403
from .functionals import spaces_of  # noqa: F401
from .iid import *  # noqa: F403
from .matrices import *  # noqa: F403
from .symbols import *  # noqa: F403
