"""The loan of the demonstration: 阳光E贷 of a bank that does not exist, with a guarantor, 24 instalments."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from api.demo.parties import BANK, BORROWER, GUARANTOR, Party
from evidence.canonical import JSON

AMOUNT = 5_000_000  # 分
RATE_BP = 600  # a year
MONTHS = 24
LPR_BP = 300
_MONTHS_A_YEAR = 12
_BP = 10_000


@dataclass(frozen=True, slots=True)
class Instalment:
    """One row of the repayment plan; amounts in 分."""

    number: int
    due_on: date
    principal: int
    interest: int
    remaining: int

    def row(self) -> dict[str, JSON]:
        """As the template takes it."""
        return {
            "number": self.number,
            "due_on": self.due_on.isoformat(),
            "principal": self.principal,
            "interest": self.interest,
            "total": self.principal + self.interest,
            "remaining": self.remaining,
        }


def equal_instalments(amount: int, rate_bp: int, months: int, starts: date) -> list[Instalment]:
    """等额本息: equal payments by the month, each rounded half up; the last takes what rounding left."""
    monthly = Decimal(rate_bp) / _BP / _MONTHS_A_YEAR
    payment = _rounded(amount * monthly / (1 - (1 + monthly) ** -months))
    left, rows = amount, []
    for number in range(1, months + 1):
        interest = _rounded(left * monthly)
        principal = left if number == months else payment - interest
        left -= principal
        rows.append(Instalment(number, _month_after(starts, number), principal, interest, left))
    return rows


def loan_values(number: str, starts: date) -> dict[str, JSON]:
    """Values of the template `personal-loan`."""
    plan = equal_instalments(AMOUNT, RATE_BP, MONTHS, starts)
    interest = sum(one.interest for one in plan)
    account: dict[str, JSON] = {
        "name": BORROWER.name,
        "bank": f"{BANK.name}示范支行",
        "number": "6230910000000000017",
    }
    return {
        "number": number,
        "lender": {
            "name": BANK.name,
            "credit_code": BANK.number,
            "address": "江苏省南京市示范区示范路1号",
            "representative": "周示范",
            "phone": "025-88880000",
            "complaint_phone": "025-88880001",
        },
        "borrower": {**_person(BORROWER, "江苏省扬州市示范县示范镇第一村1组1号"), "email": None},
        "co_borrower": None,
        "spouse": None,
        "guarantor": {
            "kind": "person",
            **_person(GUARANTOR, "江苏省扬州市示范县示范镇第一村2组8号"),
            "email": None,
        },
        "loan": {
            "kind": "business",
            "currency": "CNY",
            "amount": AMOUNT,
            "purpose": "stock",
            "purpose_detail": "购买春季蔬菜种苗、肥料和温室薄膜",
            "term_months": MONTHS,
            "starts_on": starts.isoformat(),
            "ends_on": plan[-1].due_on.isoformat(),
            "payment": "self",
        },
        "payee": None,
        "disbursement": account,
        "repayment_account": account,
        "rate": {
            "form": "fixed",
            "annual": RATE_BP,
            "lpr_term": "1y",
            "lpr_on": starts.replace(day=20).isoformat(),
            "lpr": LPR_BP,
            "spread": RATE_BP - LPR_BP,
            "adjusts": "none",
            "day_count": "360",
            "apr": RATE_BP * 100,
            "apr_method": "irr",
        },
        "cost": {
            "items": [
                {
                    "name": "利息",
                    "payee": BANK.name,
                    "basis": "按本合同约定的年利率计收",
                    "due": "按还款计划",
                    "amount": interest,
                },
                {
                    "name": "手续费、服务费、担保费及其他费用",
                    "payee": "无",
                    "basis": "不收取",
                    "due": "无",
                    "amount": 0,
                },
            ],
            "total": interest,
        },
        "repayment": {
            "method": "equal-instalments",
            "period": "month",
            "due_day": starts.day,
            "instalments": MONTHS,
            "grace_days": 3,
            "schedule": [one.row() for one in plan],
            "total_interest": interest,
            "total": AMOUNT + interest,
        },
        "penalty": {"overdue_markup": 5000, "misuse_markup": 10000},
        "early": {"notice_days": 1, "fee": 0},
        "cooling_off_hours": 24,
        "guarantee": {"kind": "joint", "contract": None, "years": 3},
        "vouchers": [],
        "signature": {
            "issuer": "信签示范电子认证服务机构",
            "qualification": "演示环境签发，不属于经许可的电子认证服务",
            "platform": "信签电子合同平台",
            "intent": "阅读全文后，以短信验证码对载明文件摘要、签署人、金额和利率的确认语作出确认",
        },
        "evidence": {
            "keeper": "信签示范存证机构",
            "verification": "以 xinqian contract verify 命令核验合同文件",
        },
        "dispute": {"method": "court", "venue": "江苏省扬州市示范县人民法院"},
    }


def _person(party: Party, address: str) -> dict[str, JSON]:
    return {"name": party.name, "id_number": party.number, "address": address, "mobile": party.mobile}


def _month_after(day: date, months: int) -> date:
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
