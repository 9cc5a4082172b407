"""Telephone numbers: what a person typed → E.164, or why not."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberType

from dispatch.errors import DomainError

_NO_TEXTS = {
    PhoneNumberType.PREMIUM_RATE: "This is a premium-rate number. Texts are not sent to those.",
    PhoneNumberType.SHARED_COST: "This is a shared-cost number. It cannot get texts.",
    PhoneNumberType.UAN: "This is a company number. It cannot get texts.",
    PhoneNumberType.VOICEMAIL: "This is a voicemail number. It cannot get texts.",
    PhoneNumberType.TOLL_FREE: "This is a toll-free number. It cannot get texts.",
    PhoneNumberType.PAGER: "This is a pager. It cannot open a link.",
}

_REASONS = {
    phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "The country code is not one we know.",
    phonenumbers.NumberParseException.NOT_A_NUMBER: "This is not a telephone number.",
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: "The number is too short.",
    phonenumbers.NumberParseException.TOO_SHORT_NSN: "The number is too short.",
    phonenumbers.NumberParseException.TOO_LONG: "The number is too long.",
}

_LENGTHS = {
    phonenumbers.ValidationResult.TOO_SHORT: "The number is too short.",
    phonenumbers.ValidationResult.TOO_LONG: "The number is too long.",
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "The area code is missing.",
    phonenumbers.ValidationResult.INVALID_LENGTH: "The number has too many or too few digits.",
}


def parse(typed: str, *, country: str) -> str:
    """The number in E.164. National format of `country` (ISO 3166-1 alpha-2) is understood.

    Raises DomainError at field "number": number_invalid or number_premium.
    """
    if not typed.strip():
        raise _invalid("Type the caller's number.")
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException as problem:
        raise _invalid(
            _REASONS.get(problem.error_type, "This is not a telephone number.")
        ) from None
    if number.extension:
        raise _invalid("Texts cannot go to an extension. Leave it out.")
    if not phonenumbers.is_valid_number(number):
        length = phonenumbers.is_possible_number_with_reason(number)
        raise _invalid(_LENGTHS.get(length, "No such number exists. Check the digits."))
    kind = phonenumbers.number_type(number)
    if kind in _NO_TEXTS:
        raise DomainError(_NO_TEXTS[kind], code="number_premium", field="number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _invalid(message: str) -> DomainError:
    return DomainError(message, code="number_invalid", field="number")
