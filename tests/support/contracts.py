"""Sample values of the shipped templates, and a renderer for tests."""

from __future__ import annotations

from calendar import monthrange
from copy import deepcopy
from datetime import date
from functools import cache
from typing import Any

from api.fonts import font_folders
from api.settings import Settings
from signing.adapters.fonts import FontShelf, open_fonts
from signing.adapters.typst import TypstRenderer

Values = dict[str, Any]

RARE = "䶮㛃𬭼𫖯喆犇堃玥㙓𠅤𬱖𫍽"
"""Characters of real names that smaller fonts lack: several from CJK extensions A to E."""
STARTS = date(2026, 11, 25)


@cache
def shelf() -> FontShelf:
    """The fonts of this machine, opened once."""
    return open_fonts(font_folders(Settings()))


def renderer() -> TypstRenderer:
    """A renderer over them."""
    return TypstRenderer(shelf())


def person_id(region: str, born: str, order: str) -> str:
    """A resident identity number with its check character (GB 11643)."""
    digits = f"{region}{born}{order}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(one) * weight for one, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


LENDER: Values = {
    "name": "信签示范农村商业银行股份有限公司",
    "credit_code": "91330106MA2H1XQ010",
    "address": "浙江省杭州市西湖区示范路1号",
    "representative": "周示范",
    "phone": "0571-88880000",
    "complaint_phone": "0571-88880001",
}
BORROWER: Values = {
    "name": "张三",
    "id_number": person_id("330106", "19880315", "001"),
    "address": "浙江省杭州市西湖区文三路100号2幢301室",
    "mobile": "13800000001",
    "email": "zhangsan@example.com",
}
GUARANTOR: Values = {
    "kind": "person",
    "name": "李四",
    "id_number": person_id("330102", "19790728", "002"),
    "address": "浙江省杭州市上城区解放路8号",
    "mobile": "13800000002",
    "email": None,
}
CO_BORROWER: Values = {
    "name": "王五",
    "id_number": person_id("330103", "19850101", "003"),
    "address": "浙江省杭州市拱墅区莫干山路50号",
    "mobile": "13800000003",
    "email": None,
}
SPOUSE: Values = {
    "name": "赵六",
    "id_number": person_id("330104", "19900909", "004"),
    "address": "浙江省杭州市西湖区文三路100号2幢301室",
    "mobile": "13800000004",
    "email": None,
}
SIGNATURE: Values = {
    "issuer": "信签示范电子认证服务机构",
    "qualification": "测试环境签发，不属于经许可的电子认证服务",
    "platform": "信签电子合同平台",
    "intent": "阅读全文后，以短信验证码对载明文件摘要、签署人、金额和利率的确认语作出确认",
}
EVIDENCE: Values = {
    "keeper": "信签示范存证机构",
    "verification": "以 xinqian contract verify 命令核验合同文件，以 xinqian evidence verify 命令核验存证包",
}
DISPUTE: Values = {"method": "court", "venue": "杭州市西湖区人民法院"}


def month_after(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def schedule(amount: int, annual: int, months: int, starts: date = STARTS) -> list[Values]:
    """Equal instalments of `amount` 分 at `annual` basis points; the last takes what rounding left."""
    monthly = annual / 120_000
    payment = round(amount * monthly / (1 - (1 + monthly) ** -months)) if annual else amount // months
    rows: list[Values] = []
    left = amount
    for number in range(1, months + 1):
        interest = round(left * monthly)
        principal = left if number == months else payment - interest
        left -= principal
        rows.append(
            {
                "number": number,
                "due_on": month_after(starts, number).isoformat(),
                "principal": principal,
                "interest": interest,
                "total": principal + interest,
                "remaining": left,
            }
        )
    return rows


def loan_values(
    *,
    months: int = 24,
    amount: int = 10_000_000,
    annual: int = 720,
    guarantor: bool = True,
    co_borrower: bool = False,
    spouse: bool = False,
    number: str = "信签借字2026第000001号",
    **changes: Any,  # noqa: ANN401  (whatever a test needs to be otherwise)
) -> Values:
    """Values of `personal-loan`; `changes` are put at dotted names whose dots are written `__`."""
    rows = schedule(amount, annual, months)
    interest = sum(row["interest"] for row in rows)
    values: Values = {
        "number": number,
        "lender": LENDER,
        "borrower": BORROWER,
        "co_borrower": CO_BORROWER if co_borrower else None,
        "spouse": SPOUSE if spouse else None,
        "guarantor": GUARANTOR if guarantor else None,
        "loan": {
            "kind": "consumer",
            "currency": "CNY",
            "amount": amount,
            "purpose": "renovation",
            "purpose_detail": "用于位于杭州市西湖区文三路100号2幢301室的自有住房装修",
            "term_months": months,
            "starts_on": STARTS.isoformat(),
            "ends_on": rows[-1]["due_on"],
            "payment": "self",
        },
        "payee": None,
        "disbursement": {
            "name": "张三",
            "bank": "信签示范农村商业银行西湖支行",
            "number": "6230910000000000017",
        },
        "repayment_account": {
            "name": "张三",
            "bank": "信签示范农村商业银行西湖支行",
            "number": "6230910000000000017",
        },
        "rate": {
            "form": "fixed",
            "annual": annual,
            "lpr_term": "1y",
            "lpr_on": "2026-11-20",
            "lpr": 300,
            "spread": annual - 300,
            "adjusts": "none",
            "day_count": "360",
            "apr": annual * 100,
            "apr_method": "irr",
        },
        "cost": {
            "items": [
                {
                    "name": "利息",
                    "payee": LENDER["name"],
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
            "due_day": STARTS.day,
            "instalments": months,
            "grace_days": 3,
            "schedule": rows,
            "total_interest": interest,
            "total": amount + interest,
        },
        "penalty": {"overdue_markup": 5000, "misuse_markup": 10000},
        "early": {"notice_days": 1, "fee": 0},
        "cooling_off_hours": 24,
        "guarantee": {
            "kind": "joint" if guarantor else "none",
            "contract": None,
            "years": 3 if guarantor else None,
        },
        "vouchers": [],
        "signature": SIGNATURE,
        "evidence": EVIDENCE,
        "dispute": DISPUTE,
    }
    return changed(values, **changes)


def changed(values: Values, **changes: Any) -> Values:  # noqa: ANN401  (whatever a test needs)
    """A copy with `borrower__name="…"` put at `borrower.name`."""
    found = deepcopy(values)
    for way, value in changes.items():
        *steps, last = way.split("__")
        place = found
        for step in steps:
            place = place[step]
        place[last] = value
    return found


INSTITUTION: Values = {
    name: LENDER[name] for name in ("name", "credit_code", "address", "phone", "complaint_phone")
}
STATEMENT: Values = {name: BORROWER[name] for name in ("name", "id_number", "mobile", "address")}


def guarantee_values(*, kind: str = "joint", organisation: bool = False, spouse: bool = False) -> Values:
    """Values of `guarantee`."""
    guarantor = {**GUARANTOR, "representative": None}
    if organisation:
        guarantor |= {
            "kind": "organisation",
            "name": "杭州示范融资担保有限公司",
            "id_number": "91330100MA27XQ02XL",
            "representative": "钱七",
        }
    return {
        "number": "信签保字2026第000001号",
        "lender": LENDER,
        "guarantor": guarantor,
        "spouse": SPOUSE if spouse else None,
        "debtor": {"name": BORROWER["name"], "id_number": BORROWER["id_number"]},
        "principal": {
            "number": "信签借字2026第000001号",
            "kind": "loan",
            "currency": "CNY",
            "amount": 10_000_000,
            "annual": 720,
            "starts_on": STARTS.isoformat(),
            "ends_on": month_after(STARTS, 24).isoformat(),
        },
        "guarantee": {"kind": kind, "amount": 10_000_000, "years": 3},
        "signature": SIGNATURE,
        "evidence": EVIDENCE,
        "dispute": DISPUTE,
    }


def pledge_values() -> Values:
    """Values of `maximum-pledge`."""
    return {
        "number": "信签质字2026第000001号",
        "lender": LENDER,
        "pledgor": {**GUARANTOR, "representative": None},
        "spouse": SPOUSE,
        "debtor": {"name": BORROWER["name"], "id_number": BORROWER["id_number"]},
        "secured": {
            "business": "个人经营贷款",
            "currency": "CNY",
            "limit": 50_000_000,
            "starts_on": STARTS.isoformat(),
            "ends_on": month_after(STARTS, 36).isoformat(),
            "earlier": None,
        },
        "pledged": [
            {
                "number": 1,
                "name": "三年期整存整取定期存款",
                "kind": "deposit",
                "quantity": "存单一份，编号 3301202600000017",
                "value": 40_000_000,
            },
            {
                "number": 2,
                "name": "储蓄国债（电子式）2026年第八期",
                "kind": "bond",
                "quantity": "面额 150,000 元，托管账号 33010000123",
                "value": 15_000_000,
            },
        ],
        "count": 2,
        "total_value": 55_000_000,
        "perfection": "存款单交付质权人占有并办理止付，债券在托管机构办理出质登记",
        "signature": SIGNATURE,
        "evidence": EVIDENCE,
        "dispute": DISPUTE,
    }


def credit_query_values() -> Values:
    """Values of `credit-query`."""
    return {
        "number": "信签征授2026第000001号",
        "authoriser": STATEMENT,
        "lender": INSTITUTION,
        "authorised": {
            "capacity": "borrower",
            "purpose": "approval",
            "business": "个人消费贷款",
            "application": "XQ-2026-000001",
            "starts_on": "2026-11-24",
            "ends_on": "2027-02-24",
            "after": "agreed",
            "reporting": "agreed",
        },
        "signature": SIGNATURE,
        "evidence": EVIDENCE,
    }


def scope(number: int, name: str, *, sensitive: bool, decision: str = "agreed") -> Values:
    """One matter of `personal-information`."""
    return {
        "number": number,
        "name": name,
        "kinds": "姓名、身份证件号码、人脸图像及活体检测结果",
        "sensitive": "yes" if sensitive else "no",
        "purpose": "核验申请人为本人，防范冒名贷款",
        "method": "采集后与权威数据源比对，仅保存比对结果、交易编号和加密图像",
        "recipient": "公民身份核验机构（联系方式：0571-88880002）" if sensitive else None,
        "retention": "比对结果保存至贷款结清后十年，图像保存至本次申请办结后三十日",
        "necessity": "确认签署人身份所必需；泄露可能导致身份被冒用",
        "refusal": "可以改用营业网点柜面核验，不影响业务条件",
        "decision": decision,
    }


def personal_information_values() -> Values:
    """Values of `personal-information`."""
    return {
        "number": "信签个授2026第000001号",
        "authoriser": STATEMENT,
        "lender": {**INSTITUTION, "officer": "个人信息保护办公室，0571-88880003"},
        "capacity": "borrower",
        "business": "个人消费贷款",
        "granted_on": "2026-11-24",
        "count": 3,
        "scopes": [
            scope(1, "人脸核验", sensitive=True),
            scope(2, "向存证机构提供签署记录", sensitive=False),
            scope(3, "营销信息推送", sensitive=False, decision="refused"),
        ],
        "automated": "used",
        "signature": SIGNATURE,
        "evidence": EVIDENCE,
    }


def consent_values() -> Values:
    """Values of `e-signature-consent`."""
    return {
        "number": "信签电签2026第000001号",
        "signatory": STATEMENT,
        "lender": INSTITUTION,
        "capacity": "borrower",
        "given_on": "2026-11-24",
        "count": 2,
        "documents": [
            {"number": 1, "title": "个人借款合同", "counterparty": LENDER["name"]},
            {"number": 2, "title": "个人征信查询授权书", "counterparty": LENDER["name"]},
        ],
        "custody": "为本次签署专门生成，私钥加密存放，经同意人的一次性验证码激活，签署完成后立即销毁",
        "validity": "自签发之时起一小时",
        "withdrawal": "在签署页面选择“不同意”，或者拨打 0571-88880000",
        "signature": SIGNATURE,
        "evidence": EVIDENCE,
    }


SAMPLES = {
    "personal-loan": loan_values,
    "guarantee": guarantee_values,
    "maximum-pledge": pledge_values,
    "credit-query": credit_query_values,
    "personal-information": personal_information_values,
    "e-signature-consent": consent_values,
}
"""Sample values by the template's name."""
