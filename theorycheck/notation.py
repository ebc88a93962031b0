"""How expressions print, as plain text and as LaTeX, in the letters of a paper."""

import re
from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

_STAR = "\ue000"  # of a name, until products have lost theirs
Notation = Mapping[Symbol, str]  # LaTeX of a symbol whose name is not how the paper writes it


def latex(expression: Expr, notation: Notation) -> str:
    """LaTeX of an expression or relation in the paper's notation."""
    return str(_LatexPrinter({"symbol_names": dict(notation)}).doprint(expression))


def plain(text: str) -> str:
    r"""Plain text of simple LaTeX: `\alpha_*` becomes `alpha_*`, `N^*` becomes `N*`."""
    return re.sub(r"[\\{}]", "", text).replace("^*", "*")


def plain_text(expression: Expr, notation: Notation) -> str:
    """Plain text of an expression or relation in the paper's notation."""
    return str(_PlainPrinter(notation).doprint(expression))


class _PlainPrinter(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints a**b as a^b, a*b as a b, and symbols as the notation says."""

    def __init__(self, notation: Notation) -> None:
        super().__init__()
        self._names = {symbol: plain(name) for symbol, name in notation.items()}

    def doprint(self, expr: sympy.Basic) -> str:
        return str(super().doprint(expr)).replace("*", " ").replace(_STAR, "*")

    def _print_Symbol(self, expr: Symbol) -> str:
        return self._names.get(expr, str(expr.name)).replace("*", _STAR)

    _print_Dummy = _print_Symbol

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        base, power = (self.parenthesize(part, PRECEDENCE["Pow"]) for part in expr.args)
        return f"{base}^{expr.exp if expr.exp.is_Integer else power}"

    def _print_Exp1(self, expr: Expr) -> str:
        return "e"

    def _print_Float(self, expr: sympy.Float) -> str:
        return _short(expr)

    def _print_Abs(self, expr: sympy.Abs) -> str:
        return f"|{self._print(expr.args[0])}|"


class _LatexPrinter(LatexPrinter):  # type: ignore[misc]  # SymPy has no types
    """Prints a symbol to a negative power as theorems do, with the minus sign in the exponent."""

    def _print_Pow(self, expr: sympy.Pow) -> str:
        if expr.base.is_Symbol and expr.exp.is_Integer:
            base = self._print(expr.base)
            return (
                f"{{{base}}}^{{{expr.exp}}}" if "^" in base and base[0] != "{" else f"{base}^{{{expr.exp}}}"
            )
        return str(super()._print_Pow(expr))

    def _print_Float(self, expr: sympy.Float) -> str:
        return _short(expr)


def _short(number: sympy.Float) -> str:
    """A float as Python prints it, without the zeros of SymPy's digits."""
    return repr(float(number)).removesuffix(".0")
