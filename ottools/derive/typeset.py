"""LaTeX and plain text of formulas, in the author's order of terms.

One walk over the tree serves both forms: the rules for brackets stand here once, the
two sub-classes hold the templates in which LaTeX and text differ. Each method
returns the string and how tightly it binds.
"""

from __future__ import annotations

import re
from typing import ClassVar

import sympy as sp

from . import ordered as o
from . import vocabulary as v

SUM, PRODUCT, POWER, ATOM = range(4)
_SIMPLE = (v.At, v.Var, v.Item, v.Point, v.Alias, sp.Integer, sp.Symbol)
_LOOSE = (o.Elementary, v.Integral, v.Sum, v.Diff, v.Vary, v.Gradient)


def spread(f, points):
    """Put points into every function of a composite such as (p + q)/2."""
    laws = v.Fn | v.Table | v.Named | v.Normal | v.Uniform | v.NormalProduct | v.Given
    if isinstance(f, laws):
        return v.At(f, *points)
    if not f.args or isinstance(f, v.Var):
        return f
    return f.func(*(spread(a, points) for a in f.args))


class Printer:
    """The walk; templates come from `Tex` or `Text`."""

    def __call__(self, expr) -> str:
        return self.visit(expr)[0]

    def visit(self, expr):
        """Return (string, binding strength) of any node."""
        for kind in type(expr).__mro__:
            method = getattr(self, f"do_{kind.__name__}", None)
            if method:
                return method(expr)
        return self.native(expr), (ATOM if expr.is_Atom else SUM)

    def inside(self, expr, level):
        """Return the string, bracketed if it binds less tightly than level."""
        s, strength = self.visit(expr)
        return s if strength >= level else self.paren(s)

    def do_Plus(self, e):
        out = ""
        for i, t in enumerate(e.args):
            minus = isinstance(t, o.Neg) or (t.is_Number and t.is_negative)
            body = (t.args[0] if isinstance(t, o.Neg) else -t) if minus else t
            s = self.inside(body, PRODUCT)
            sign = ("-" if minus else "") if i == 0 else (" - " if minus else " + ")
            out += sign + s
        return out, SUM

    def do_Neg(self, e):
        return "-" + self.inside(e.args[0], PRODUCT), SUM

    def do_Times(self, e):
        first, *rest = e.args
        if isinstance(first, o.Neg) or (first.is_Number and first.is_negative):
            positive = first.args[0] if isinstance(first, o.Neg) else -first
            body = o.Times(*rest) if positive == 1 else o.Times(positive, *rest)
            return "-" + self.inside(body, PRODUCT), SUM
        parts, last = [], len(e.args) - 1
        for i, t in enumerate(e.args):
            loose = isinstance(t, _LOOSE) and i < last
            parts.append(self.inside(t, ATOM if loose else PRODUCT))
        return self.product(e.args, parts), PRODUCT

    def do_Power(self, e):
        base, n = e.args
        shown = self.inside(base, ATOM)
        if isinstance(base, o.Over | sp.Rational) and not base.is_Integer:
            shown = self.paren(self(base))
        return self.power(shown, self(n)), POWER

    def do_Log(self, e, head="log"):
        (a,) = e.args
        if isinstance(a, (_SIMPLE, self.closed)):
            return self.op(head) + self.gap + self(a), PRODUCT
        return self.op(head) + self.call(self(a)), PRODUCT

    def do_Log2(self, e):
        return self.do_Log(e, "log_2")

    def do_Max(self, e):
        return self.op("max") + self.call(", ".join(map(self, e.args))), ATOM

    def do_Min(self, e):
        return self.op("min") + self.call(", ".join(map(self, e.args))), ATOM

    def do_Var(self, e):
        return self.name(e.name), ATOM

    do_Point = do_Index = do_Fn = do_Table = do_Named = do_Samples = do_Space = (
        do_Sample
    ) = do_Map = do_Var

    def do_MatrixSymbol(self, e):
        if e.kind == "identity":
            return self.sub("I", self(e.shape[0])), ATOM
        return self.name(e.name), ATOM

    def do_MatMul(self, e):
        return self.times.join(self.inside(a, POWER) for a in e.args), PRODUCT

    def do_Transpose(self, e):
        return self.inside(e.args[0], ATOM) + self.exponents["Transpose"], POWER

    def do_Inverse(self, e):
        return self.inside(e.args[0], ATOM) + self.exponents["Inverse"], POWER

    def do_Root(self, e):
        return self.inside(e.args[0], ATOM) + self.exponents["Root"], POWER

    def do_Trace(self, e):
        return self.roman("tr") + self.call(self(e.args[0])), ATOM

    def do_Norm2(self, e):
        return self.norm.format(self(e.args[0])), POWER

    def do_Gradient(self, e):
        body, variable = e.args
        return (
            f"{self.nabla}_{{{self(variable)}}} {self.inside(body, PRODUCT)}",
            PRODUCT,
        )

    def do_Alias(self, e):
        return self.name(e.args[0].name), ATOM

    def do_Variation(self, e):
        return self.partial + self.name(e.name), ATOM

    def do_Marginal(self, e):
        return self.name(f"{e.name}_{e.space.name}"), ATOM

    def do_At(self, e):
        f, *points = e.args
        args = ", ".join(map(self, points))
        if isinstance(f, v.Marginal):
            return self.name(f.name) + f"({args})", ATOM
        if isinstance(f, v.Normal):
            return self.script("N") + f"({args}; {self.listed(f.args)})", ATOM
        if isinstance(
            f, v.Fn | v.Map | v.Table | v.Named | v.Uniform | v.NormalProduct
        ):
            return self(f) + f"({args})", ATOM
        return self.visit(spread(f, points))

    def listed(self, args):
        """Join arguments by commas."""
        return ", ".join(map(self, args))

    def do_Normal(self, e):
        return self.script("N") + f"({self.listed(e.args)})", ATOM

    def do_Uniform(self, e):
        return self.script("U") + f"[{self.listed(e.args)}]", ATOM

    def do_Given(self, e):
        p, y, x = e.args
        return f"{self.name(p.name)}({self(y)}{self.mid}{self(x)})", ATOM

    def law(self, p):
        """Return a density as it stands below an expectation."""
        if isinstance(p, v.Given):
            joint, _, x = p.args
            return f"{self.name(joint.name)}({self.dot}{self.mid}{self(x)})"
        return self(p)

    def do_KL(self, e):
        return f"{self.roman('KL')}({self.pair(e, self.bars)})", ATOM

    def do_Chi2(self, e):
        return f"{self.chi2}({self.pair(e, self.bars)})", ATOM

    def pair(self, e, between=", "):
        """Join the densities of a functional; a mixture is set small."""
        return between.join(self(a).replace(r"\frac", r"\tfrac") for a in e.args)

    def do_JS(self, e):
        return f"{self.roman('JS')}({self.pair(e)})", ATOM

    def do_TV(self, e):
        return f"{self.roman('TV')}({self.pair(e)})", ATOM

    def do_H(self, e):
        (p,) = e.args
        if isinstance(p, v.Joint | v.Marginal):
            return f"H({', '.join(s.name for s in p.spaces)})", ATOM
        return f"H({self.pair(e)})", ATOM

    def do_CrossEntropy(self, e):
        return f"H({self.pair(e)})", ATOM

    def do_ConditionalEntropy(self, e):
        _, y, x = e.args
        return f"H({y.space.name}{self.mid}{x.space.name})", ATOM

    def do_Mean(self, e):
        return f"{self.roman('mean')}({self(e.args[0])})", ATOM

    def do_Variance(self, e):
        return f"{self.roman('var')}({self(e.args[0])})", ATOM

    def do_Item(self, e):
        f, *idx = e.args
        return self.sub(self.name(f.name), " ".join(map(self, idx))), ATOM

    def do_Sum(self, e):
        body, i, n = e.args
        s = self.inside(body, PRODUCT)
        return f"{self.sigma(f'{self(i)}=1', self(n))}{s}", PRODUCT

    def do_Distinct(self, e):
        body, i, j, n = e.args
        s = self.inside(body, PRODUCT)
        return f"{self.sigma(self(i) + self.differs + self(j), self(n))}{s}", PRODUCT

    def do_Drawn(self, e):
        return self.sub(self.name(e.args[0].name), self(e.args[1])), ATOM

    def do_LeastValue(self, e):
        body, x = e.args
        head = self.op("min" if e.direction == 1 else "max") + f"_{{{self(x)}}}"
        return head + self.brackets.format(self(body)), ATOM

    do_GreatestValue = do_LeastValue

    def do_Integral(self, e):
        body, x = e.args
        s = self.inside(body, PRODUCT)
        if x.space.kind == "finite":
            return self.sigma(self(x), "") + s, PRODUCT
        return self.integral(s, self(x)), PRODUCT


class Tex(Printer):
    """Templates for LaTeX."""

    closed, dot = (o.Over, v.Given), r"\cdot"
    brackets = r"\left[{}\right]"
    gap, mid, bars, partial, chi2 = (
        " ",
        r"\mid ",
        r"\,\|\,",
        r"\partial_\theta ",
        r"\chi^2",
    )

    times, nabla, norm = r"\,", r"\nabla", r"\left\|{}\right\|^{{2}}"
    exponents: ClassVar = {
        "Transpose": r"^{\top}",
        "Inverse": "^{-1}",
        "Root": "^{1/2}",
    }

    def native(self, expr):
        return sp.latex(expr)

    def name(self, s):
        if re.search(r"[\\({]", s):
            return s
        t = sp.latex(sp.Symbol(s))
        return re.sub(r"_\{([a-z]{2,})\}", r"_{\\mathrm{\1}}", t)

    def paren(self, s):
        return rf"\left({s}\right)"

    call = paren

    def op(self, s):
        return "\\" + s

    def roman(self, s):
        return rf"\mathrm{{{s}}}"

    def script(self, s):
        return rf"\mathcal{{{s}}}"

    def sub(self, s, i):
        return f"{s}_{{{i}}}"

    def power(self, base, n):
        return f"{{{base}}}^{{{n}}}" if "^" in base else f"{base}^{{{n}}}"

    differs = r"\ne "

    def do_Independent(self, e):
        body, xs, p, n = e.args
        x, law = self.name(xs.name), self.law(p)
        family = rf"{self.sub(x, '1')},\dots,{self.sub(x, self(n))}\sim {law}"
        return rf"\mathbb{{E}}_{{{family}}}\left[{self(body)}\right]", ATOM

    def sigma(self, low, high):
        return rf"\sum_{{{low}}}" + (f"^{{{high}}}" if high else "") + " "

    def integral(self, s, x):
        return rf"\int {s}\,\mathrm{{d}}{x}"

    def product(self, args, parts):
        out = parts[0]
        for a, b, s in zip(args, args[1:], parts[1:], strict=False):
            dot = (
                a.is_Number
                and (b.is_Number or isinstance(b, o.Power))
                and not (isinstance(b, o.Power) and not b.args[0].is_Number)
            )
            out += (r" \cdot " if dot else r"\,") + s
        return out

    def do_Rational(self, e):
        if e.q == 1:
            return str(e.p), (SUM if e.p < 0 else ATOM)
        sign = "-" if e.p < 0 else ""
        return rf"{sign}\tfrac{{{abs(e.p)}}}{{{e.q}}}", (SUM if e.p < 0 else ATOM)

    def do_Over(self, e):
        a, b = e.args
        if b.is_Integer and isinstance(a, (v.Functional, v.Expect, v.Alias)):
            return rf"\tfrac{{1}}{{{b}}}\,{self(a)}", PRODUCT
        if isinstance(a, o.Neg):
            return "-" + self.inside(o.Over(a.args[0], b), PRODUCT), SUM
        return rf"\frac{{{self(a)}}}{{{self(b)}}}", ATOM

    def do_Exp(self, e):
        (a,) = e.args
        return rf"\exp{self.paren(self(a))}", ATOM

    def do_Sqrt(self, e):
        return rf"\sqrt{{{self(e.args[0])}}}", ATOM

    def do_Abs(self, e):
        return rf"\left|{self(e.args[0])}\right|", ATOM

    def do_Expect(self, e):
        body, x, p = e.args
        return (
            rf"\mathbb{{E}}_{{{self(x)}\sim {self.law(p)}}}\left[{self(body)}\right]",
            ATOM,
        )

    def do_Diff(self, e):
        body, x = e.args
        sign = r"\mathrm{d}" if isinstance(x, v.Var) else r"\partial"
        head = rf"\frac{{{sign}}}{{{sign} {self(x)}}}"
        return f"{head}\\,{self.inside(body, PRODUCT)}", PRODUCT

    def do_Vary(self, e):
        body, _, *frozen = e.args
        head = r"\frac{\mathrm{d}}{\mathrm{d}\theta}"
        if frozen:
            head += rf"\Big|_{{{self.listed(frozen)}\ \text{{fixed}}}}"
        return f"{head}\\,{self.inside(body, PRODUCT)}", PRODUCT

    def do_NormalProduct(self, e):
        m, var, _ = e.args
        return rf"\mathcal{{N}}({self(m)}, \mathrm{{diag}}\,{self(var)})", ATOM


class Text(Printer):
    """Templates for plain text."""

    closed, dot, brackets = (v.Given,), ".", "[{}]"
    gap, mid, bars, partial, chi2 = " ", "|", "‖", "∂θ ", "χ²"

    times, nabla, norm = " ", "∇", "‖{}‖²"
    exponents: ClassVar = {"Transpose": "ᵀ", "Inverse": "⁻¹", "Root": "^(1/2)"}

    def native(self, expr):
        known = {sp.oo: "∞", -sp.oo: "-∞", sp.E: "e", sp.pi: "π"}
        return known.get(expr, str(expr))

    def name(self, s):
        return s.replace("\\", "").replace("{", "").replace("}", "")

    def paren(self, s):
        return f"({s})"

    call = paren

    def op(self, s):
        return s

    roman = script = op

    def sub(self, s, i):
        return f"{s}[{i}]"

    def power(self, base, n):
        return f"{base}^{n}" if re.fullmatch(r"\w+", n) else f"{base}^({n})"

    differs = "≠"

    def do_Independent(self, e):
        body, xs, p, n = e.args
        x = self.name(xs.name)
        return f"E_{{{x}[1..{self(n)}]~{self.law(p)}}}[{self(body)}]", ATOM

    def sigma(self, low, high):
        return f"Σ_{{{low}{'..' + high if high else ''}}} "

    def integral(self, s, x):
        return f"∫ {s} d{x}"

    def product(self, args, parts):
        return " ".join(parts)

    def do_Rational(self, e):
        return str(e), (SUM if e.p < 0 else PRODUCT if e.q != 1 else ATOM)

    def do_Over(self, e):
        a, b = e.args
        return f"{self.inside(a, POWER)}/{self.inside(b, POWER)}", PRODUCT

    def do_Exp(self, e):
        return f"exp({self(e.args[0])})", ATOM

    def do_Sqrt(self, e):
        return f"√({self(e.args[0])})", ATOM

    def do_Abs(self, e):
        return f"|{self(e.args[0])}|", ATOM

    def do_Expect(self, e):
        body, x, p = e.args
        return f"E_{{{self(x)}~{self.law(p)}}}[{self(body)}]", ATOM

    def do_Diff(self, e):
        body, x = e.args
        return f"d/d{self(x)} {self.inside(body, PRODUCT)}", PRODUCT

    def do_Vary(self, e):
        body, _, *frozen = e.args
        fixed = f"|{self.listed(frozen)} fixed" if frozen else ""
        return f"d/dθ{fixed} {self.inside(body, PRODUCT)}", PRODUCT

    def do_NormalProduct(self, e):
        m, var, _ = e.args
        return f"N({self(m)}, diag {self(var)})", ATOM


tex = Tex()
text = Text()
