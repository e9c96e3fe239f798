"""Small tested tools behind a book of executable derivations.

Import the module that you need, as in ``from ottools import divergences``;
importing the package alone loads neither torch nor matplotlib.
"""

__version__ = "0.1.0"
