"""What the checker costs beside SymPy's general simplifier, on the same identities.

Each identity is decided in two ways in one process, in turn: by ``derive.check``
(attack and normal form together) and by ``sympy.simplify(lhs - rhs) == 0`` on the
same integrals written out in SymPy. Medians of interleaved runs, as ratios; what SymPy
answers is shown as well, for an answer that does not come is the real difference.

    python -m benchmarks.bench_derive
"""

from __future__ import annotations

import statistics
import sys
import time

import sympy as sp
from sympy.core.cache import clear_cache

from benchmarks.command import settings
from benchmarks.harness import Settings, store
from ottools import derive as dr

TOPIC = "derive"
RUNS = 5


def gaussian_kl():
    """State KL of two normal densities on the line."""
    m0, m1 = dr.real("m_0 m_1")
    s0, s1 = dr.positive("sigma_0 sigma_1")
    closed = (
        dr.log(s1 / s0) + (s0**2 + (m0 - m1) ** 2) / (2 * s1**2) - sp.Rational(1, 2)
    )
    return dr.Equal(dr.KL(dr.Normal(m0, s0**2), dr.Normal(m1, s1**2)), closed)


def sympy_gaussian_kl():
    """Do the same by symbolic integration."""
    x, m0, m1 = sp.symbols("x m0 m1", real=True)
    s0, s1 = sp.symbols("s0 s1", positive=True)

    def normal(m, s):
        return sp.exp(-((x - m) ** 2) / (2 * s**2)) / (s * sp.sqrt(2 * sp.pi))

    ratio = sp.expand_log(sp.log(normal(m0, s0)) - sp.log(normal(m1, s1)), force=True)
    left = sp.integrate(sp.expand(normal(m0, s0) * ratio), (x, -sp.oo, sp.oo))
    right = sp.log(s1 / s0) + (s0**2 + (m0 - m1) ** 2) / (2 * s1**2) - sp.Rational(1, 2)
    return sp.simplify(sp.expand_log(left - right, force=True))


def logarithms():
    """State the pointwise identity behind the value at the optimal discriminator."""
    a, b = dr.positive("a b")
    left = a * dr.log(a / (a + b)) + b * dr.log(b / (a + b))
    half = (a + b) / 2
    right = a * dr.log(a / half) + b * dr.log(b / half) - (a + b) * dr.log(2)
    return dr.Equal(left, right)


def sympy_logarithms():
    """Do the same in SymPy's own words."""
    a, b = sp.symbols("a b", positive=True)
    left = a * sp.log(a / (a + b)) + b * sp.log(b / (a + b))
    half = (a + b) / 2
    right = a * sp.log(a / half) + b * sp.log(b / half) - (a + b) * sp.log(2)
    return sp.simplify(left - right)


def false_logarithm():
    """State log(a + b) = log a + log b, which is false."""
    a, b = dr.positive("a b")
    return dr.Equal(dr.log(a + b), dr.log(a) + dr.log(b))


def sympy_false_logarithm():
    """Put the same question to ``equals``."""
    a, b = sp.symbols("a b", positive=True)
    return (sp.log(a + b) - sp.log(a) - sp.log(b)).equals(0)


def kernel_gradient():
    """State the gradient of a double sum of Gaussian kernels, for symbolic sizes."""
    n, m = dr.natural("N M")
    i, j, k = dr.index("i j k")
    x, y = dr.samples("x y")
    s = dr.positive("sigma")
    bell = dr.exp(-((x[i] - y[j]) ** 2) / (2 * s**2))
    at = dr.exp(-((x[k] - y[j]) ** 2) / (2 * s**2))
    left = dr.d(dr.total((i, n), (j, m))[bell], x[k])
    return dr.Equal(left, -dr.total((j, m))[(x[k] - y[j]) / s**2 * at])


def sympy_kernel_gradient():
    """Do the same with IndexedBase, Sum and simplify."""
    n, m, i, j, k = sp.symbols("N M i j k", integer=True, positive=True)
    x, y = sp.IndexedBase("x", real=True), sp.IndexedBase("y", real=True)
    s = sp.Symbol("sigma", positive=True)
    bell = sp.exp(-((x[i] - y[j]) ** 2) / (2 * s**2))
    at = sp.exp(-((x[k] - y[j]) ** 2) / (2 * s**2))
    left = sp.diff(sp.Sum(bell, (i, 1, n), (j, 1, m)), x[k])
    right = -sp.Sum((x[k] - y[j]) / s**2 * at, (j, 1, m))
    return sp.simplify(left - right)


CASES = {
    "KL of two normal densities": (gaussian_kl, sympy_gaussian_kl),
    "logarithms at the optimal discriminator": (logarithms, sympy_logarithms),
    "log(a + b) = log a + log b (false)": (false_logarithm, sympy_false_logarithm),
    "gradient of a double kernel sum": (kernel_gradient, sympy_kernel_gradient),
}


def seconds(action):
    """Run once from a cold SymPy cache; return the answer and the time."""
    clear_cache()
    start = time.perf_counter()
    answer = action()
    return answer, time.perf_counter() - start


def measure(claim, peer) -> dict:
    """Return our status, the peer's answer and the ratios peer / ours."""
    ours, theirs = [], []
    for _ in range(RUNS):
        verdict, t = seconds(lambda: dr.check(claim()))
        ours.append(t)
        answer, t = seconds(peer)
        theirs.append(t)
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    middle = statistics.median(ratios)
    spread = [middle, min(ratios), max(ratios)]
    return {"status": verdict.status, "answer": str(answer), "ratio": spread}


def run(chosen: Settings) -> None:
    """Measure and store."""
    records = []
    for name, (claim, peer) in CASES.items():
        record = {"identity": name, **measure(claim, peer)}
        records.append(record)
        sys.stdout.write(f"{name}: {record['status']}, {record['ratio'][0]:.2g}\n")
    store(TOPIC, {"identities": records}, chosen)


if __name__ == "__main__":
    run(settings(__doc__))
