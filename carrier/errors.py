"""Error codes of the two providers and the words that go with them, as data."""

from __future__ import annotations

import secrets

from carrier.wire import Reply, json_reply

# code: (HTTP status of an API answer, message). Codes from 30000 on come in receipts and carry 400 here.
TWILIO: dict[int, tuple[int, str]] = {
    20001: (400, "This carrier does not support the parameter '{}'"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL: {}"),
    21210: (400, "The source phone number provided, {}, is not yet verified for your account"),
    21211: (400, "Invalid 'To' Phone Number: {}"),
    21212: (400, "Invalid From Number (caller ID): {}"),
    21214: (400, "'To' phone number cannot be reached: {}"),
    21215: (400, "Account not authorized to call {}"),
    21216: (400, "Account not allowed to call {}"),
    21220: (400, "Call is not in-progress. Cannot redirect {}"),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number {} is not a valid, message-capable number of this account."),
    21608: (400, "The number {} is unverified. Trial accounts cannot send messages to unverified numbers."),
    21609: (400, "The 'StatusCallback' URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"),
    21614: (400, "'To' number {} is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21635: (400, "'To' number {} is a landline"),
    21655: (400, "The ContentSid is invalid"),
    21701: (400, "The messaging service {} does not exist"),
    21703: (400, "The messaging service {} has no phone number to send from"),
    30001: (400, "Queue overflow"),
    30002: (400, "Account suspended"),
    30003: (400, "Unreachable destination handset"),
    30004: (400, "Message blocked"),
    30005: (400, "Unknown destination handset"),
    30006: (400, "Landline or unreachable carrier"),
    30007: (400, "Message filtered"),
    30008: (400, "Unknown error"),
    30017: (400, "Carrier network congestion"),
    30018: (400, "Destination carrier requires sender ID pre-registration"),
    30022: (400, "US A2P 10DLC rate limits exceeded"),
    30023: (400, "US A2P 10DLC daily message cap reached"),
    30032: (400, "Toll-free number has not been verified"),
    30034: (400, "Message from an unregistered number"),
    30036: (400, "Validity period expired"),
    30410: (400, "Provider timeout error"),
    30450: (400, "Message blocked by fraud protection"),
    63007: (400, "Could not find a channel with the specified From address {}"),
    63017: (400, "Account rate limit exceeded"),
}

META: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (500, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    368: (403, "Temporarily blocked for policies violations"),
    2500: (400, "Unknown path components: {}"),
    80007: (400, "Rate limit issues"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Message was not delivered to maintain healthy ecosystem engagement"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132007: (400, "Template format character policy violated"),
    132012: (400, "Template parameter format mismatch"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    133010: (400, "Phone number not registered"),
    135000: (400, "Generic user error"),
}


def twilio_message(code: int, detail: str = "") -> str:
    """Twilio's words for a code, with `detail` (a number, a path) in its place."""
    return TWILIO.get(code, (400, f"Error {code}"))[1].replace("{}", detail)


def twilio_error(code: int, detail: str = "", status: int | None = None) -> Reply:
    """An error answer of the Messages API: {"code","message","more_info","status"}."""
    status = status or TWILIO.get(code, (400, ""))[0]
    body = {
        "code": code,
        "message": twilio_message(code, detail),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return json_reply(status, body)


def meta_title(code: int) -> str:
    """Meta's title for a code."""
    return META.get(code, (400, f"Error {code}"))[1]


def meta_error(
    code: int, details: str = "", *, status: int | None = None, subcode: int | None = None, text: str = ""
) -> Reply:
    """An error answer of the Cloud API. `details` goes to error_data, `text` replaces the usual message."""
    default_status, title = META.get(code, (400, f"Error {code}"))
    message = text or (title if code in (190, 2500) else f"(#{code}) {title}")
    error: dict[str, object] = {"message": message, "type": "OAuthException", "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    if code in (1, 2, 131000, 131016):
        error["is_transient"] = True
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    return json_reply(status or default_status, {"error": error})


def meta_receipt_error(code: int) -> dict[str, object]:
    """The entry of `errors` in a failed status."""
    title = meta_title(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": title},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }
