"""The terms of a contract in plain words, for a page that a borrower reads before anything else."""

from __future__ import annotations

from collections.abc import Mapping

from api.http.pagehtml import Markup, element, joined, said
from api.settings import Language
from signing.amount import in_figures, in_words, percent
from signing.contract import Contract

BASIS_POINT_DIGITS = 2
APR_DIGITS = 4
_EXAMPLE_FEN = 1_000_000  # ten thousand yuan
_WHOLE_BP = 10_000
_METHODS = ("equal-instalments", "equal-principal", "interest-first", "bullet")


def terms_list(contract: Contract, language: Language) -> Markup:
    """The pairs of a definition list."""
    known = contract.source.get("terms")
    terms = known if isinstance(known, Mapping) else {}
    rows = [*_money(contract, language), *_time(terms, language)]
    return joined(*rows)


def _money(contract: Contract, language: Language) -> list[Markup]:
    rows = []
    amount, rate = contract.terms.amount, contract.terms.rate_bp
    if amount is not None:
        rows.append(
            _row("amount", said("yuan", language, amount=in_figures(amount)), language, in_words(amount))
        )
    if rate is not None:
        yearly = in_figures(_EXAMPLE_FEN * rate // _WHOLE_BP)
        plain = said("rate-plain", language, example=in_figures(_EXAMPLE_FEN), interest=yearly)
        rows.append(_row("rate", percent(rate, BASIS_POINT_DIGITS), language, plain))
    return rows


def _time(terms: Mapping[str, object], language: Language) -> list[Markup]:
    rows = []
    apr, months, ends = (terms.get(name) for name in ("rate.apr", "loan.term_months", "loan.ends_on"))
    if isinstance(apr, int):
        rows.append(_row("apr", percent(apr, APR_DIGITS), language, said("apr-plain", language)))
    if isinstance(months, int):
        until = said("until", language, day=ends) if isinstance(ends, str) else ""
        rows.append(_row("term", said("months", language, months=months), language, until))
    method, count = terms.get("repayment.method"), terms.get("repayment.instalments")
    if isinstance(method, str) and method in _METHODS:
        times = said("instalments", language, count=count) if isinstance(count, int) else ""
        rows.append(_row("repayment", said(f"repayment-{method}", language), language, times))
    fee = terms.get("early.fee")
    if isinstance(fee, int):
        rows.append(_row("early", said("no-fee" if fee == 0 else "fee-as-said", language), language, ""))
    return rows


def _row(name: str, value: str, language: Language, plain: str) -> Markup:
    more = element("small", plain) if plain else Markup("")
    return Markup(f"{element('dt', said(name, language))}<dd>{element('span', value)}{more}</dd>")
